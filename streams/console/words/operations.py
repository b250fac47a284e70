"""Texts of the page of operations, and of alarms: what is wrong, and what to do."""

from typing import Final

from streams.lane.standstills import Reason
from streams.telling.language import Both

ALARMS: Final = Both("Alarmes", "Alarms")
DO: Final = Both("O que fazer: {}", "What to do: {}")
GUIDE: Final = Both(
    "O guia inteiro está em `docs/operations.md`; `nyxter doctor` examina tudo de uma vez.",
    "The whole guide is `docs/operations.md`; `nyxter doctor` examines everything at once.",
)

REDIS_AWAY: Final = Both("O Redis não responde", "Redis does not answer")
REDIS_DO: Final = Both(
    "veja se o servidor está no ar e se NYXTER_REDIS_URL o nomeia; as páginas voltam sozinhas.",
    "see that the server is up and NYXTER_REDIS_URL names it; the pages come back by themselves.",
)
KAFKA_AWAY: Final = Both("O Kafka não responde", "Kafka does not answer")
KAFKA_DO: Final = Both(
    "veja se os brokers estão no ar e se NYXTER_BROKER os nomeia; o console volta a ler sozinho.",
    "see that the brokers are up and NYXTER_BROKER names them; the console reads on by itself.",
)
FOREIGN_KEY: Final = Both(
    "No Redis, a chave {} é de outro tipo: não é nossa",
    "In Redis, the key {} is of another type: it is not ours",
)
FOREIGN_KEYS: Final = Both(
    "No Redis há chaves que não são nossas: {}", "Redis has keys that are not ours: {}"
)
FOREIGN_DO: Final = Both(
    "`nyxter cache rebuild` dá outro nome ao que não é nosso e refaz o resto pelos tópicos.",
    "`nyxter cache rebuild` renames what is not ours and makes the rest as the topics say.",
)
CACHE_SAYS: Final = Both("O cache avisa: {}", "The cache reports: {}")
CACHE_SILENT: Final = Both("O cache não escreve desde {}", "The cache has not written since {}")
CACHE_NEVER: Final = Both("Nenhum cache escreveu ainda", "No cache has written yet")
CACHE_DO: Final = Both(
    "inicie `nyxter cache`; se já roda, pergunte a ele com `nyxter health --ready`.",
    "start `nyxter cache`; where one runs, ask it with `nyxter health --ready`.",
)
CACHE_BEHIND: Final = Both("O cache está {} registros atrasado", "The cache is {} records behind")
BEHIND_DO: Final = Both(
    "o Redis está lento ou cheio: veja INFO memory; maxmemory-policy tem de ser noeviction. "
    "Ele alcança sozinho.",
    "Redis is slow or full: see INFO memory; maxmemory-policy must be noeviction. "
    "It catches up by itself.",
)
SNAPSHOT_OLD: Final = Both(
    "O retrato da base tem {}, e há eventos mais novos",
    "The snapshot of the base is {} old, and events are newer",
)
SNAPSHOT_DO: Final = Both(
    "ninguém lidera, ou as partições estão em dias ou regras diferentes: veja o log do dono da "
    "partição 0; todos os workers precisam das mesmas regras.",
    "nobody leads, or partitions stand at different days or rules: see the log of the owner of "
    "partition 0; all workers must run the same rules.",
)
SEGMENTER_BEHIND: Final = Both(
    "Os workers estão {} eventos atrasados", "The workers are {} events behind"
)
SEGMENTER_DO: Final = Both(
    "inicie mais workers, até um por partição; `nyxter health --ready` nomeia partições paradas.",
    "start more workers, up to one a partition; `nyxter health --ready` names partitions that "
    "stand still.",
)
NOBODY: Final = Both("Nenhum worker está no grupo", "No worker is in the group")
NOBODY_DO: Final = Both(
    "inicie `nyxter worker`; um que terminou diz por quê na última linha.",
    "start `nyxter worker`; one that ended says why in its last line.",
)
STANDS: Final = Both("A partição {} está parada: {}", "Partition {} stands still: {}")
ALL_STAND: Final = Both("O trabalho está parado: {}", "The work stands still: {}")
WHY_IT_STANDS: Final = {
    Reason.INPUT_DELETED: Both(
        "registros de entrada foram apagados antes de aplicados",
        "input was deleted before it was applied",
    ),
    Reason.TOPIC_RECREATED: Both(
        "um tópico de entrada foi apagado e criado de novo",
        "an input topic was deleted and made anew",
    ),
    Reason.PARTITIONS_CHANGED: Both(
        "um tópico de entrada tem outro número de partições",
        "an input topic has another number of partitions",
    ),
    Reason.UNREADABLE: Both(
        "um registro de entrada não pode ser lido", "a record of the input cannot be decoded"
    ),
    Reason.OTHER_RULES: Both(
        "workers do grupo usam regras diferentes", "workers of the group run different rules"
    ),
    Reason.STALLED: Both(
        "a entrada cresce e nada é aplicado", "the input grows and nothing is applied"
    ),
    Reason.NO_SNAPSHOT: Both("nenhum retrato da base é feito", "no snapshot of the base is made"),
    Reason.BROKER_SILENT: Both("o broker não responde", "the broker does not answer"),
    Reason.FOREIGN_KEY: Both(
        "uma chave do Redis não é do Nyxter", "a key in Redis is not Nyxter's"
    ),
}
_RESTORE: Final = Both(
    "restaure o tópico do arquivo, ou siga adiante com `nyxter skip`; `nyxter doctor` diz de onde.",
    "restore the topic from an archive, or go on with `nyxter skip`; `nyxter doctor` says where.",
)
_LOOK: Final = Both(
    "pergunte aos workers com `nyxter health --ready` o que esperam; `nyxter doctor` examina tudo.",
    "ask the workers by `nyxter health --ready` what they wait for; `nyxter doctor` examines all.",
)
STANDS_DO: Final = {
    Reason.INPUT_DELETED: _RESTORE,
    Reason.TOPIC_RECREATED: _RESTORE,
    Reason.PARTITIONS_CHANGED: Both(
        "o que está nas outras partições não é aplicado: veja como migrar em `docs/operations.md`.",
        "what lies in the other partitions is not applied: `docs/operations.md` says how to "
        "migrate.",
    ),
    Reason.UNREADABLE: _RESTORE,
    Reason.OTHER_RULES: Both(
        "inicie todos os workers com as mesmas regras.", "start all workers with the same rules."
    ),
    Reason.STALLED: _LOOK,
    Reason.NO_SNAPSHOT: _LOOK,
    Reason.BROKER_SILENT: KAFKA_DO,
    Reason.FOREIGN_KEY: Both(
        "`nyxter doctor` nomeia a chave; `nyxter cache rebuild` a põe de lado.",
        "`nyxter doctor` names the key; `nyxter cache rebuild` puts it aside.",
    ),
}
LETTERS: Final = Both(
    "{} mensagens recusadas ainda em aberto", "{} refused messages are still open"
)
LETTERS_DO: Final = Both(
    "`nyxter dead-letters list --counts`, depois `show`; corrigida a causa, `retry`.",
    "`nyxter dead-letters list --counts`, then `show`; once the cause is mended, `retry`.",
)
RULES_DIFFER: Final = Both(
    "O console lê as regras {}, e os workers usam {}",
    "The console reads rules {}, and the workers use {}",
)
RULES_DO: Final = Both(
    "dê ao console o mesmo arquivo (`nyxter console --rules`); o que falta em reais não aparece "
    "até lá.",
    "give the console the same file (`nyxter console --rules`); what is missing in money is not "
    "told until then.",
)

PARTITIONS: Final = Both("Partições", "Partitions")
PARTITION: Final = Both("Partição", "Partition")
WORKERS_BEHIND: Final = Both("Atraso dos workers (eventos)", "Workers behind (events)")
CACHE_PROFILES: Final = Both("Atraso do cache: perfis", "Cache behind: profiles")
CACHE_EVENTS: Final = Both("Atraso do cache: mudanças", "Cache behind: changes")
TOTAL: Final = Both("Soma", "Total")

DEAD_LETTERS: Final = Both("Mensagens recusadas", "Refused messages")
REASON: Final = Both("Motivo", "Reason")
OPEN: Final = Both("Em aberto", "Open")
RETRIED: Final = Both("Reenviadas", "Sent again")
FAILED_AGAIN: Final = Both("Recusadas de novo", "Refused again")
NO_LETTERS: Final = Both("Nenhuma mensagem foi recusada.", "No message was refused.")
TOO_MANY: Final = Both(
    "{} mensagens: são demais para contar aqui por motivo. "
    "Use `nyxter dead-letters list --counts`.",
    "{} messages: too many to count by reason here. Use `nyxter dead-letters list --counts`.",
)
NOT_ASKED: Final = Both(
    "O broker não respondeu ou não deixa o console ler isto.",
    "The broker did not answer, or does not let the console read this.",
)
ASKING: Final = Both("Perguntando ao broker…", "Asking the broker…")

SNAPSHOT: Final = Both("Retrato da base", "Snapshot of the base")
PUBLISHED: Final = Both("publicado {}", "published {}")
DAY: Final = Both("Dia da análise", "Day of the analysis")
RULES: Final = Both("Regras em vigor", "Rules in force")
MEMBERS: Final = Both("Workers no grupo", "Workers in the group")
BEHIND: Final = Both("Atraso do cache", "Cache behind")
RECORDS: Final = Both("registros", "records")
