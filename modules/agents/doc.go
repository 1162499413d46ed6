// Package agents owns agents, their types, instructions and versions, their
// aliases, reviews and ratings, and each user's recent and starred ones.
//
// Owns: agents, types, instructions, versions, aliases, reviews, ratings, recents,
// stars, and which users have run which agent. Tables: agents_*.
//
// Publishes: agents.agent_created.v1, agents.agent_updated.v1,
// agents.agent_shared.v1,
// agents.agent_deleted.v1, agents.owner_changed.v1, agents.type_updated.v1,
// agents.version_created.v1. An agent that is older than the events that carry
// names is told once at the start, as updated.
//
// Consumes: chat.run_completed.v1 (the agent goes to the top of the asker's
// recents, and the asker may review it), users.user_deleted.v1 (what is only
// theirs goes, owned agents pass to the admin). Both in one consumer, one
// event at a time, so that a run that is told of late never brings anything
// of a deleted user back. projects.project_deleted.v1 (its agents go).
// users.organization_created.v1 (it gets its types). Its own
// agents.agent_updated.v1, agents.agent_deleted.v1, agents.owner_changed.v1,
// agents.type_updated.v1 and agents.version_created.v1, in every process, to let go of what it keeps in
// memory.
//
// Rules: package access decides who may do what with an agent; lists use the
// same rule as a query. Only a Live agent answers others than its admins.
// Prompt and instructions are shown to admins alone. The name of a model, which
// requests send as llm_model, is one of those that the server is configured
// with. It answers unless the question names another; without any model it has
// no effect. No view of the agent shows it, and llm_config is always null. A review is for
// who has run the agent. An alias is in the organization's own domain, nobody's
// user address, and one agent's alone: the agent holds it among the addresses
// that users keeps (users.Addresses), from the transaction that gives it until
// the one that changes it or deletes the agent.
//
// Whatever changes what an agent answers with (prompt, instructions, model,
// caching and the other settings, and its connections, which corpora owns and
// tells through Versions) makes its next version in the same transaction. A
// version never changes, and nothing makes one that changes nothing. Name,
// description, questions, access, status and place are no part of it. A deleted
// agent keeps its versions, which nobody sees; an agent that is made from
// another one begins with a version 1 of its own.
//
// What a run reads of an agent is kept in memory (Catalog.Run, View and
// Administers): up to 10,000 agents and 64 MiB of their text, for a minute at
// most, dropped when the unit that changes them ends and by event in other
// processes. Who may run it is decided anew each time. Runners, lists and
// changes go by what is stored.
//
// The details of projects (POST /api/project/details) are answered here: they
// list agents, whose visibility must be that of this very moment. A copy in
// projects that follows events would need the whole decision a second time,
// and lag behind it.
package agents
