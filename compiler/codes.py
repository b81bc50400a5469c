"""Every code of a finding: S1xx syntax, S2xx names, S3xx types, S4xx columns, S5xx graph, S6xx runs, S9xx warnings."""

from __future__ import annotations

from sess.compiler.diagnostics import Code, Severity

# S1xx: syntax
SYNTAX = Code("S101", "unexpected-word")
STRAY_CHARACTER = Code("S102", "stray-character")
OPEN_STRING = Code("S103", "open-string")
BAD_STRING = Code("S104", "bad-string")
BAD_NUMBER = Code("S105", "bad-number")
OPEN_BRACKET = Code("S106", "open-bracket")
UNKNOWN_STATEMENT = Code("S107", "unknown-statement")
KEYWORD_AS_NAME = Code("S108", "keyword-as-name")
MISSING_VALUE = Code("S109", "missing-value")
STRAY_BRACKET = Code("S110", "stray-bracket")
TOO_LARGE = Code("S111", "too-large")
NOT_TEXT = Code("S112", "not-text")

# S2xx: names and arguments
UNKNOWN_NAME = Code("S201", "unknown-name")
UNKNOWN_BLOCK = Code("S202", "unknown-block")
UNKNOWN_ARGUMENT = Code("S203", "unknown-argument")
MISSING_ARGUMENT = Code("S204", "missing-argument")
WRONG_VALUE = Code("S205", "wrong-value")
REPEATED_ARGUMENT = Code("S206", "repeated-argument")
GIVEN_TWICE = Code("S207", "given-twice")
UNKNOWN_KEY = Code("S208", "unknown-key")
NO_SPEC = Code("S209", "no-spec-statement")
NO_SCHEMA = Code("S210", "no-schema")
OUTSIDE_SPACE = Code("S211", "outside-space")
WRONG_KIND = Code("S212", "wrong-kind")
OUT_OF_RANGE = Code("S213", "out-of-range")
BAD_IMPORT = Code("S214", "bad-import")
UNKNOWN_OVERRIDE = Code("S215", "unknown-override")
MISSING_INPUT = Code("S216", "missing-input")

# S3xx: shapes and types
ROW_MEETS_SEQ = Code("S301", "row-meets-seq")
WIDTHS_DIFFER = Code("S302", "widths-differ")
WRONG_INPUT = Code("S303", "wrong-input")
GROUPS_MEET = Code("S304", "groups-meet")
TARGET_LEVEL = Code("S305", "target-level")
MIXED_COLUMNS = Code("S306", "mixed-columns")
TYPE_MISMATCH = Code("S307", "type-mismatch")
NO_FEATURES = Code("S308", "no-features")

# S40x, S41x: the schema files
SCHEMA_SYNTAX = Code("S401", "schema-syntax")
SCHEMA_UNREADABLE = Code("S402", "schema-unreadable")
SCHEMA_REPEATED = Code("S403", "schema-repeated-column")
SCHEMA_DTYPE = Code("S404", "schema-dtype")
SCHEMA_TOO_LARGE = Code("S405", "schema-too-large")
SCHEMA_EMPTY = Code("S406", "schema-empty")
SCHEMA_TAGS = Code("S407", "schema-tags-collide")

# S4xx: columns (the schema files themselves: S40x)
EMPTY_SELECTION = Code("S420", "empty-selection")
UNKNOWN_COLUMN = Code("S421", "unknown-column")
ONE_COLUMN = Code("S422", "one-column-wanted")
UNCLEAR_COLUMN = Code("S423", "unclear-column")
DOMAIN_CONFLICT = Code("S424", "domain-conflict")
NO_SESSION_COLUMN = Code("S425", "no-session-column")
COLUMN_NAME = Code("S426", "column-name")
NO_CATALOGUE = Code("S427", "no-catalogue-schema")
RAGGED_FLOATS = Code("S428", "ragged-floats")
NO_DOMAIN = Code("S429", "no-domain")

# S5xx: the graph
CYCLE = Code("S501", "cycle")
NO_HEAD = Code("S502", "no-head")
LEAK = Code("S503", "leak")
NEEDS_BIDIRECTIONAL = Code("S504", "needs-bidirectional-encoder")
OBJECTIVE_AND_STATE = Code("S505", "objective-and-state")
LABEL_REACHES_HEAD = Code("S506", "label-reaches-head")

# S6xx: training and serving
NO_OBJECTIVE = Code("S601", "no-objective")
NO_TRAINING_DATA = Code("S602", "no-training-data")
SPLIT_AND_FILES = Code("S603", "split-and-files")
BATCH_AND_TOKENS = Code("S604", "batch-and-tokens")
NOTHING_TO_STOP_ON = Code("S605", "nothing-to-stop-on")
IMPOSSIBLE_PLATFORM = Code("S606", "impossible-platform")
UNKNOWN_SLICE = Code("S607", "unknown-slice")
WRONG_OPERATION = Code("S608", "wrong-operation")
CONTEXT_AND_OBJECTIVE = Code("S609", "context-and-objective")
METRIC_AND_HEAD = Code("S610", "metric-and-head")

# S9xx: warnings
UNUSED_DEFINITION = Code("S901", "unused-definition", Severity.WARNING)
HIDDEN_COLUMN = Code("S902", "hidden-column", Severity.WARNING)
IDLE_OBJECTIVE = Code("S903", "idle-objective", Severity.WARNING)
EXCLUDE_DIFFERS = Code("S904", "exclude-differs", Severity.WARNING)
TOO_MUCH_MEMORY = Code("S910", "too-much-memory", Severity.WARNING)

# Files and items
UNREADABLE_FILE = Code("S217", "unreadable-file")
NO_ITEM = Code("S430", "no-item-column")
