DROP TABLE analytics_spending;
--bun:split
DROP TABLE analytics_budgets;
