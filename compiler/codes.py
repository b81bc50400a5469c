"""Every code of a finding: S1xx syntax, S2xx names, S3xx types, S4xx columns, S5xx graph, S6xx runs, S9xx warnings.

A number is never used again for something else. Each has a page with a wrong and a right spec, `explain/<number>.md`.
"""

from __future__ import annotations

from sess.compiler.diagnostics import Code, Severity

# S1xx: syntax
SYNTAX = Code("S101", "unexpected-word", "a word stands where another was expected")
STRAY_CHARACTER = Code("S102", "stray-character", "a character that has no meaning in a spec")
OPEN_STRING = Code("S103", "open-string", "a string doesn't end on its line")
BAD_STRING = Code("S104", "bad-string", "a string has an escape or a character that JSON doesn't know")
BAD_NUMBER = Code("S105", "bad-number", "a number, duration or cutoff is not written as one")
OPEN_BRACKET = Code("S106", "open-bracket", "a bracket or brace is never closed")
UNKNOWN_STATEMENT = Code("S107", "unknown-statement", "a statement begins with a word that begins none")
KEYWORD_AS_NAME = Code("S108", "keyword-as-name", "a keyword stands where a name of your own belongs")
MISSING_VALUE = Code("S109", "missing-value", "a value is missing")
STRAY_BRACKET = Code("S110", "stray-bracket", "a bracket or brace closes nothing")
TOO_LARGE = Code("S111", "too-large", "a spec is larger or nests deeper than any needs")
UNFORMATTED = Code("S113", "unformatted", "a spec is not as `sess fmt` writes it")

# S2xx: names, arguments and files
UNKNOWN_NAME = Code("S201", "unknown-name", "nothing has this name")
UNKNOWN_BLOCK = Code("S202", "unknown-block", "no block, loss, metric or other word of the language has this name")
UNKNOWN_ARGUMENT = Code("S203", "unknown-argument", "a call gives an argument that its block doesn't take")
MISSING_ARGUMENT = Code("S204", "missing-argument", "a call lacks an argument that its block needs")
WRONG_VALUE = Code("S205", "wrong-value", "a value is of another type than its place wants")
REPEATED_ARGUMENT = Code("S206", "repeated-argument", "an argument is given twice in one call")
GIVEN_TWICE = Code("S207", "given-twice", "a name, key or statement is given twice")
UNKNOWN_KEY = Code("S208", "unknown-key", "a section has no such key")
NO_SPEC = Code("S209", "no-spec-statement", "a file has no `spec` statement")
NO_SCHEMA = Code("S210", "no-schema", "a spec names no schema")
OUTSIDE_SPACE = Code("S211", "outside-space", "the default of a param lies outside of its search space")
WRONG_KIND = Code("S212", "wrong-kind", "a name is of another kind than its place wants")
OUT_OF_RANGE = Code("S213", "out-of-range", "a number lies outside of what makes sense")
BAD_IMPORT = Code("S214", "bad-import", "an imported file can't be merged")
UNKNOWN_OVERRIDE = Code("S215", "unknown-override", "`--set` names no param and no key")
MISSING_INPUT = Code("S216", "missing-input", "a block has nothing flowing into it")
UNREADABLE_FILE = Code("S217", "unreadable-file", "a file that the spec names can't be read")

# S3xx: shapes and types
ROW_MEETS_SEQ = Code("S301", "row-meets-seq", "one vector a session meets one vector a step")
WIDTHS_DIFFER = Code("S302", "widths-differ", "tied widths differ")
WRONG_INPUT = Code("S303", "wrong-input", "a block gets another kind of value than it reads")
GROUPS_MEET = Code("S304", "groups-meet", "steps of two groups meet")
TARGET_LEVEL = Code("S305", "target-level", "a head on the steps predicts a column of the session")
MIXED_COLUMNS = Code("S306", "mixed-columns", "a selection mixes columns of different levels")
TYPE_MISMATCH = Code("S307", "type-mismatch", "what flows together doesn't fit together")

# S40x: the schema files themselves
SCHEMA_SYNTAX = Code("S401", "schema-syntax", "a schema file can't be read")
SCHEMA_REPEATED = Code("S403", "schema-repeated-column", "a schema has a column twice")
SCHEMA_EMPTY = Code("S406", "schema-empty", "a schema has no columns")
SCHEMA_TAGS = Code("S407", "schema-tags-collide", "a column has tags that exclude each other")

# S41x and on: columns
EMPTY_SELECTION = Code("S420", "empty-selection", "a selection selects no column")
UNKNOWN_COLUMN = Code("S421", "unknown-column", "the schema has no such column")
ONE_COLUMN = Code("S422", "one-column-wanted", "one column is wanted and several are selected")
UNCLEAR_COLUMN = Code("S423", "unclear-column", "an integer column could be categories or numbers")
DOMAIN_CONFLICT = Code("S424", "domain-conflict", "columns can't share a vocabulary as declared")
NO_SESSION_COLUMN = Code("S425", "no-session-column", "it isn't clear which column is the session or the time")
COLUMN_NAME = Code("S426", "column-name", "a column's name can't be served")
NO_CATALOGUE = Code("S427", "no-catalogue-schema", "catalogue columns are asked for without a catalogue's schema")
RAGGED_FLOATS = Code("S428", "ragged-floats", "a list of numbers has no fixed length")
NO_DOMAIN = Code("S429", "no-domain", "columns or tables of the wrong vocabulary meet")
NO_CATALOGUE_ITEM = Code("S435", "no-catalogue-item", "the catalogue's schema doesn't have the events' item id")
NO_ITEM = Code("S430", "no-item-column", "no step column identifies items")
GROUP_COLUMN = Code("S431", "group-column", "a column can't be a step of a group as declared")
KEY_COLUMN = Code("S432", "key-column", "the key or the time of the events is used as something else")
ROWS_AND_SCHEMA = Code("S433", "rows-and-schema", "what a row is doesn't fit the lists of the schema")
LIST_TARGET = Code("S434", "list-target", "a head predicts a column of lists")

# S44x: the data files, which `check --data` looks at
NO_DATA_FILE = Code("S440", "no-data-file", "no file is where the data should be")
UNREADABLE_DATA = Code("S441", "unreadable-data", "a data file can't be read")
NO_DATA_COLUMN = Code("S442", "no-data-column", "a data file lacks a column that the schema has")
DATA_DTYPE = Code("S443", "data-dtype", "a data file holds a column as something else than the schema says")
NO_DATA_ROWS = Code("S444", "no-data-rows", "the data files have no rows")

# S5xx: the graph
CYCLE = Code("S501", "cycle", "a definition needs itself")
NO_HEAD = Code("S502", "no-head", "a spec predicts nothing")
LEAK = Code("S503", "leak", "the answer can be seen while it is asked for")
NEEDS_BIDIRECTIONAL = Code(
    "S504", "needs-bidirectional-encoder", "an objective hides steps that the encoder could never fill"
)
OBJECTIVE_AND_STATE = Code("S505", "objective-and-state", "an objective asks at steps where the head has none")
LABEL_REACHES_HEAD = Code("S506", "label-reaches-head", "a head reads what it is to predict")
TARGETS_OF_TWO_GROUPS = Code("S507", "targets-of-two-groups", "heads predict steps of two groups")

# S6xx: training and serving
NO_OBJECTIVE = Code("S601", "no-objective", "steps are predicted and there is no objective")
NO_TRAINING_DATA = Code("S602", "no-training-data", "a spec that is to be compiled names no training data")
SPLIT_AND_FILES = Code("S603", "split-and-files", "the ways to divide the data contradict each other")
BATCH_AND_TOKENS = Code("S604", "batch-and-tokens", "a batch has two sizes")
NOTHING_TO_STOP_ON = Code("S605", "nothing-to-stop-on", "training is to stop early and nothing is held out")
IMPOSSIBLE_PLATFORM = Code("S606", "impossible-platform", "no Triton serves what is asked for")
UNKNOWN_SLICE = Code("S607", "unknown-slice", "sessions can't be sliced by this")
WRONG_OPERATION = Code("S608", "wrong-operation", "an operation of `prepare` doesn't fit its column")
CONTEXT_AND_OBJECTIVE = Code("S609", "context-and-objective", "the context would come from the future")
METRIC_AND_HEAD = Code("S610", "metric-and-head", "a metric measures what no head answers")

# S9xx: warnings
UNUSED_DEFINITION = Code("S901", "unused-definition", "nothing reads a definition or prepared column", Severity.WARNING)
HIDDEN_COLUMN = Code("S902", "hidden-column", "a definition has the name of a column that is used", Severity.WARNING)
IDLE_OBJECTIVE = Code("S903", "idle-objective", "an objective has nothing to ask", Severity.WARNING)
EXCLUDE_DIFFERS = Code("S904", "exclude-differs", "what is evaluated is not what is served", Severity.WARNING)
IDLE_ARGUMENT = Code("S905", "idle-argument", "an argument changes nothing where it stands", Severity.WARNING)
TOO_MUCH_MEMORY = Code("S910", "too-much-memory", "a run may need more memory than there is", Severity.WARNING)
UNUSED_SUPPRESSION = Code("S991", "unused-suppression", "a comment hides a finding that isn't there", Severity.WARNING)
UNCLEAR_SUPPRESSION = Code("S992", "unclear-suppression", "a comment is to hide what can't be hidden", Severity.WARNING)


ALL: tuple[Code, ...] = tuple(
    sorted((each for each in tuple(globals().values()) if isinstance(each, Code)), key=lambda code: code.number)
)
"""Every code by its number."""
