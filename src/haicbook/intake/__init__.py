"""Papers of your own: an empty study to fill in, what is still missing of it, and its chapter."""

from haicbook.intake.chapter_source import chapter_source
from haicbook.intake.clearing import clear
from haicbook.intake.doctor import EntryStep, steps
from haicbook.intake.jats import Article, read_article
from haicbook.intake.new_study import NewArm, NewStudy, lay_out

__all__ = ["Article", "EntryStep", "NewArm", "NewStudy", "chapter_source", "clear", "lay_out", "read_article", "steps"]
