"""Questions to models, one call each: what matters, what is stable, what fits, what combines, and why."""
