//! A terminal transcript: commands and what each printed.
