"""The last words of a row are written anew from left to right: Hoogeboom et al. 2021, arXiv 2110.02037."""

from augdiff.compositions.naming_writer import NamingWriter
from augdiff.compositions.writer import Writer
from augdiff.family.family import Family

FAMILY = Family("the last words written anew from left to right (Hoogeboom et al. 2021)", Writer, naming=NamingWriter)
