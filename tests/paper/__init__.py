"""The paper venue's model, rule by rule."""
