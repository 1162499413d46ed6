// Package analytics counts what happens: questions, threads, tokens and cost.
//
// Owns: facts (append-only, one for each run, ledger row, thread and vote),
// segments, which are facts added up, the inventory of what exists, what
// users, teams, projects and agents are called, token budgets and what is counted
// of them. Tables: analytics_*. Nothing but the names of users, and who set a
// budget, is personal; a deletion removes the names.
//
// Publishes: analytics.budget_changed.v1, analytics.budget_nearly_used.v1 and
// analytics.budget_used_up.v1.
//
// Consumes, and lives on nothing else: chat.run_completed.v1,
// chat.run_failed.v1, chat.response_rated.v1 and its own
// analytics.budget_changed.v1 (analytics.usage),
// chat.thread_created.v1 (analytics.threads), users.user_created.v1, users.user_deleted.v1,
// projects.team_created.v1, projects.team_deleted.v1,
// projects.project_created.v1, projects.project_moved.v1,
// projects.project_deleted.v1, agents.agent_created.v1,
// agents.agent_updated.v1, agents.agent_deleted.v1, corpora.corpus_created.v1,
// corpora.corpus_deleted.v1, corpora.document_added.v1 and
// corpora.document_deleted.v1 (analytics.inventory); for names (analytics.names)
// users.user_changed.v1, projects.team_updated.v1 and projects.project_updated.v1
// beside the events of what is created and agents.agent_updated.v1. In every
// process also its own analytics.budget_changed.v1, to forget the budgets that it
// knows (analytics.budgets).
//
// Work: analytics.seal packs the facts of an organization that are of quarters of
// an hour which are over, a minute after the end of each quarter that brought
// some. Answers are the same before and after. What comes late marks its quarter,
// which counts from its facts until it is sealed anew.
//
// Rules: every figure is a sum over facts. A run counts under the moment it
// was asked, whatever its end; its question counts under the model that
// answered, its tokens under the model that used them, and a vote as it stands
// now under the moment of the question. Queries and active
// users leave evaluation runs out, tokens and cost include them. A day is the
// reader's day. Global admins see the organization; team, project and agent
// admins their part of it: the facts of their teams, projects and agents, the
// teams, projects and agents in it, and the users who ever asked there.
// Corpora and documents belong to the organization as a whole, so a part has
// none. A deleted user's facts stay, under an id that leads nowhere. Teams,
// projects and agents that are deleted keep their names. docs/analytics.md has the
// definition of each figure.
//
// An organization has one token budget, for a calendar month of UTC, which its
// global admins set. That it is nearly used and that it is used up is told once a
// month, and again after a change, in the unit of the facts that reached it. No
// question is refused.
package analytics
