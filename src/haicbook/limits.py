"""How large an input may be: far above any paper, far below what would keep a reader waiting or fill the memory."""

MOST_BYTES = 2_000_000  # in one file
MOST_ROWS = 5_000  # in one CSV
LONGEST_CELL = 2_000  # characters of a cell with words
LONGEST_FIGURES = 200  # characters of a cell with figures
MOST_DIGITS = 15  # of one figure: what a floating-point number holds
MOST_PATIENTS = 10_000  # in one arm
MOST_MONTHS = 600  # until an event: fifty years
DEEPEST = 20  # lists and mappings of a YAML file inside each other
MOST_ALIASES = 50  # uses (`*name`) of what a YAML file writes once (`&name`)
