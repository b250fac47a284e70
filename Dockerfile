# The `nyxter` command, with what requirements.lock says and nothing that needs a compiler.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/nyxter
ENV PATH=/opt/nyxter/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN pip install --only-binary :all: --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY nyxter_online nyxter_online
COPY streams streams
RUN pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 nyxter
COPY --from=build /opt/nyxter /opt/nyxter
ENV PATH=/opt/nyxter/bin:$PATH PYTHONUNBUFFERED=1
USER nyxter
WORKDIR /home/nyxter
ENTRYPOINT ["nyxter"]
CMD ["--help"]
