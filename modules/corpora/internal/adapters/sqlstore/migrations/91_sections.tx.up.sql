-- Where sections begin within a passage, as JSON; empty for none, and for
-- passages that were stored before this was kept: those stand under their title
-- alone until their document is read again.
ALTER TABLE corpora_passages ADD COLUMN sections TEXT NOT NULL DEFAULT '';
