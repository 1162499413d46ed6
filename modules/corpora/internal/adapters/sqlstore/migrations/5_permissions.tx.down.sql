DROP TABLE corpora_permissions;
