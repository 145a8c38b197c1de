"""One file an ERP, or one small folder where a dialect needs it."""
