"""haicbook: five papers on hepatic arterial infusion chemotherapy, rebuilt from the numbers they print."""

__version__ = "0.1.0"
