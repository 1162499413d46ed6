DROP TABLE evaluations_comparisons;
--bun:split
DROP TABLE evaluations_progress;
--bun:split
DROP TABLE evaluations_texts;
--bun:split
DROP TABLE evaluations_results;
--bun:split
DROP TABLE evaluations_tests;
--bun:split
DROP TABLE evaluations_queries;
--bun:split
DROP TABLE evaluations_datasets;
