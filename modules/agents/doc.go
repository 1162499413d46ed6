// Package agents owns agents, their types and instructions, who may use them,
// and each user's recent and starred ones.
//
// Owns: agents, types, instructions, recents, stars. Tables: agents_*.
//
// Publishes: agents.agent_created.v1.
//
// Consumes: chat.run_completed.v1 (the agent goes to the top of the asker's
// recents), users.user_deleted.v1 (recents and stars go, owned agents pass to
// the admin). Both in one consumer, one event at a time, so that a run that
// is told of late never brings a deleted user's recents back.
//
// Rules: one decision says who may do what with an agent, with the reason as
// a value; lists use the same rule as a query. "Only me" is for the owner and
// admins, "Only team" also for members of the project or its team, "Public"
// for the whole organization. Only a Live agent answers others than its
// admins. Prompt, instructions and model are shown to admins alone.
package agents
