"""Models and studies in the formats of others: SBML, Antimony, PEtab, OMEX, Markdown and LaTeX."""
