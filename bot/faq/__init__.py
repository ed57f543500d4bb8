"""Topics, answers and examples as one table that an owner edits in a spreadsheet, and what is wrong with them."""
