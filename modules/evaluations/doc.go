// Package evaluations owns what agents are measured by: datasets of questions
// with expected answers, and tests, which put all questions of a dataset to an
// agent and score the answers.
//
// Owns: datasets with their versions, tests, results and the progress of tests.
// Tables: evaluations_*. Jobs: evaluations.run, one for each test that is
// pending or running; evaluations.erase, one for each deleted agent.
//
// Publishes: evaluations.dataset_created.v1, evaluations.dataset_updated.v1,
// evaluations.dataset_deleted.v1, evaluations.evaluation_created.v1,
// evaluations.evaluation_started.v1, evaluations.evaluation_ended.v1.
//
// Consumes: agents.agent_deleted.v1 (datasets and tests of the agent go),
// users.user_deleted.v1 (the tests that the user made and that have not ended
// fail).
//
// Rules: only admins of an agent see its datasets and tests. A dataset has
// versions; each is a list of questions that never changes, and a test keeps
// the one that it was made for, also when the dataset is changed or deleted. A
// test asks through chat, with the rights that its creator has at the moment
// of each question. Each question ends once, scored, failed or not scored, with
// a reason, and its result is stored in one unit with the progress of the test.
// What was under way when a process died is asked again; what was stored is
// not. A result shows an answer only to who may read its sources.
package evaluations
