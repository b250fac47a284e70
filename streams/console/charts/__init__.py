"""Charts as echarts options: pure functions from figures to dicts, no page and no clock.

Colours are custom properties of the page's look, so a chart is drawn as SVG and turns
dark with the page. Tooltips are `richText`: a customer's text never becomes HTML.
"""
