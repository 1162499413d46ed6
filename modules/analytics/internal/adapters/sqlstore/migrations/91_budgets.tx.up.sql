CREATE TABLE analytics_budgets (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  tokens BIGINT NOT NULL,
  warn_at_percent BIGINT NOT NULL,
  since BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX analytics_budgets_one ON analytics_budgets (organization_id);
--bun:split
CREATE TABLE analytics_spending (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  month BIGINT NOT NULL,
  used BIGINT NOT NULL,
  told_nearly BOOLEAN NOT NULL,
  told_up BOOLEAN NOT NULL
);
--bun:split
CREATE UNIQUE INDEX analytics_spending_one ON analytics_spending (organization_id, month);
