DROP INDEX users_audit_position;
--bun:split
DROP INDEX users_audit_unnumbered;
