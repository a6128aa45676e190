"""The last words of a row are written anew from left to right: Hoogeboom et al. 2021, arXiv 2110.02037."""

from augdiff.family.family import Family
from augdiff.naming_writer import NamingWriter
from augdiff.writer import Writer

FAMILY = Family("the last words written anew from left to right (Hoogeboom et al. 2021)", Writer, naming=NamingWriter)
