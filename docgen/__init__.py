"""Generated documents: reference pages, figures, diagrams, quoted code, translations."""
