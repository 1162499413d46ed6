package main

import (
	"fmt"
	"time"
)

// Each function below creates one resource, as an actor who may.

func (g *ground) path(format string, at ids, names ...string) string {
	values := make([]any, len(names))
	for i, name := range names {
		values[i] = at[name]
	}
	return fmt.Sprintf(format, values...)
}

func (g *ground) create(who, path string, body map[string]any) int64 {
	g.t.Helper()
	return g.by(who).Do("POST", path, body).Want(201).ID()
}

func (g *ground) drop(path string) {
	g.t.Helper()
	g.by(g.chief).Do("DELETE", path, nil).Want(200)
}

func (g *ground) organization() ids {
	g.t.Helper()
	return ids{"organization_id": g.by(g.chief).Do("GET", "/api/organization", nil).Want(200).ID()}
}

func (g *ground) anybody(more map[string]any) ids {
	return ids{"user_id": g.person(map[string]any{"email": g.name() + "@" + g.domain}, more)}
}

func (g *ground) user() ids  { return g.anybody(nil) }
func (g *ground) staff() ids { return g.anybody(map[string]any{"is_staff": true}) }
func (g *ground) peer() ids  { return g.anybody(map[string]any{"is_superuser": true}) }

// teammate has a role on a team, of which the admin is one.
func (g *ground) teammate() ids {
	at, team := g.user(), g.team()
	g.by(g.chief).Do("POST", g.path("/api/team/%d/user", team, "team_id"), map[string]any{"user_ids": []int64{at["user_id"]}}).Want(200)
	return at
}

func (g *ground) servicePeer() ids {
	return ids{"user_id": g.create(g.chief, "/api/user", map[string]any{"email": "", "is_superuser": true})}
}

func (g *ground) deletedUser() ids {
	at := g.user()
	g.drop(g.path("/api/user/%d", at, "user_id"))
	return at
}

// team has its member and its admin.
func (g *ground) team() ids {
	g.t.Helper()
	at := ids{"team_id": g.create(g.chief, "/api/team", map[string]any{"name": g.name()})}
	path := g.path("/api/team/%d/user", at, "team_id")
	for role, who := range map[string]string{"member": g.reader, "admin": g.owner} {
		if who == g.chief {
			continue // who made it
		}
		var rows []struct{ ID int64 }
		g.by(g.chief).Do("POST", path, map[string]any{"user_ids": []int64{g.ids[who]}, "role": role}).Want(200).Data(&rows)
		at[role+"_row"] = rows[0].ID
	}
	return at
}

func (g *ground) loneTeam() ids {
	return ids{"team_id": g.create(g.chief, "/api/team", map[string]any{"name": g.name()})}
}

func (g *ground) otherTeam() ids {
	at := g.loneTeam()
	g.by(g.chief).Do("POST", g.path("/api/team/%d/user", at, "team_id"), map[string]any{"user_ids": []int64{g.ids[g.owner]}}).Want(200)
	return at
}

func (g *ground) deletedTeam() ids {
	at := g.team()
	g.drop(g.path("/api/team/%d", at, "team_id"))
	return at
}

func (g *ground) project() ids {
	at := g.team()
	at["project_id"] = g.create(g.chief, "/api/project", map[string]any{"name": g.name(), "team": at["team_id"]})
	return at
}

func (g *ground) loneProject() ids {
	return ids{"project_id": g.create(g.chief, "/api/project", map[string]any{"name": g.name()})}
}

func (g *ground) deletedProject() ids {
	at := g.project()
	g.drop(g.path("/api/project/%d", at, "project_id"))
	return at
}

// agent is one that the admin owns.
func (g *ground) agent(access string) ids {
	at := g.project()
	at["agent_id"] = g.create(g.owner, "/api/agent", map[string]any{"name": g.name(), "project_id": at["project_id"], "access": access, "create_email_alias": true})
	return at
}

func (g *ground) teamAgent() ids { return g.agent("Only team") }

// privateAgent was run by its owner, who may review it.
func (g *ground) privateAgent() ids {
	at := g.agent("Only me")
	g.ask(g.owner, at)
	g.settle()
	return at
}

func (g *ground) publicAgent() ids { return g.agent("Public") }

func (g *ground) pausedAgent() ids {
	at := g.agent("Public")
	g.by(g.owner).Do("PUT", g.path("/api/agent/%d", at, "agent_id"), map[string]any{"status": "Paused"}).Want(200)
	return at
}

func (g *ground) deletedAgent() ids {
	at := g.agent("Public")
	g.drop(g.path("/api/agent/%d", at, "agent_id"))
	return at
}

func (g *ground) agentType() ids {
	g.t.Helper()
	var types []struct{ ID int64 }
	g.by(g.chief).Do("GET", "/api/agent-type", nil).Want(200).Data(&types)
	return ids{"agent_type_id": types[0].ID}
}

func (g *ground) ask(who string, at ids) (answer struct {
	ID     int64 `json:"agent_response_id"`
	Thread int64 `json:"thread_id"`
}) {
	g.t.Helper()
	g.by(who).Do("POST", g.path("/api/agent/%d/response", at, "agent_id"), map[string]any{"user_query": "What is " + g.name() + "?"}).Want(200).Data(&answer)
	return answer
}

// review belongs to its agent.
func (g *ground) review() ids      { return g.reviewBy(g.reader) }
func (g *ground) ownerReview() ids { return g.reviewBy(g.owner) }

func (g *ground) reviewBy(who string) ids {
	at := g.teamAgent()
	g.ask(who, at)
	g.settle()
	return ids{"agent_id": at["agent_id"], "review_id": g.create(who, g.path("/api/agent/%d/review", at, "agent_id"), map[string]any{"review": "Good."})}
}

// answer belongs to its thread, which belongs to its agent.
func (g *ground) answer() ids {
	at := g.teamAgent()
	a := g.ask(g.owner, at)
	return ids{"agent_id": at["agent_id"], "agent_response_id": a.ID, "chat_thread_id": a.Thread}
}

func (g *ground) deletedAnswer() ids {
	at := g.answer()
	g.by(g.owner).Do("DELETE", g.path("/api/agent-response/%d", at, "agent_response_id"), nil).Want(200)
	return at
}

func (g *ground) deletedThread() ids {
	at := g.answer()
	g.by(g.owner).Do("DELETE", g.path("/api/chat-thread/%d", at, "chat_thread_id"), nil).Want(200)
	return at
}

func (g *ground) teamRole() ids {
	at := g.team()
	if row, ok := at["member_row"]; ok {
		return ids{"permission_id": row}
	}
	id := g.create(g.chief, g.path("/api/user/%d/permission", g.user(), "user_id"), map[string]any{"resource_type": "team", "resource_id": at["team_id"], "role": "member"})
	return ids{"permission_id": id}
}

func (g *ground) organizationRole() ids {
	return ids{"permission_id": g.create(g.chief, g.path("/api/user/%d/permission", g.user(), "user_id"), map[string]any{"resource_type": "organization", "role": "user"})}
}

func (g *ground) peerRole() ids {
	return ids{"permission_id": g.create(g.chief, g.path("/api/user/%d/permission", g.user(), "user_id"), map[string]any{"resource_type": "organization", "role": "global_admin"})}
}

func (g *ground) serviceKey() ids {
	service := g.create(g.chief, "/api/user", map[string]any{"email": ""})
	return ids{"api_key_id": g.create(g.chief, "/api/api-key", map[string]any{"name": g.name(), "scope": "read_only", "user_id": service})}
}

func (g *ground) memberKey() ids {
	return ids{"api_key_id": g.create(g.reader, "/api/api-key", map[string]any{"name": g.name(), "scope": "read_only"})}
}

func (g *ground) corpus() ids {
	return ids{"corpus_id": g.create(g.owner, "/api/corpus", map[string]any{"name": g.name()})}
}

func (g *ground) publicCorpus() ids {
	return ids{"corpus_id": g.create(g.owner, "/api/corpus", map[string]any{"name": g.name(), "is_public": true})}
}

func (g *ground) chiefCorpus() ids {
	return ids{"corpus_id": g.create(g.chief, "/api/corpus", map[string]any{"name": g.name(), "is_public": true})}
}

// granted gives a role on a new corpus of the admin's.
func (g *ground) granted(field string, id int64, role string) ids {
	g.t.Helper()
	at := g.corpus()
	g.by(g.owner).Do("POST", g.path("/api/corpus/%d/permission", at, "corpus_id"), map[string]any{field: []int64{id}, "role": role}).Want(201)
	return at
}

func (g *ground) shownCorpus() ids  { return g.granted("team_ids", g.team()["team_id"], "viewer") }
func (g *ground) teamCorpus() ids   { return g.granted("team_ids", g.team()["team_id"], "admin") }
func (g *ground) editedCorpus() ids { return g.granted("user_ids", g.ids[g.reader], "editor") }

func (g *ground) documentIn(at ids) ids {
	g.t.Helper()
	fields := map[string]string{"content_type": "text", "source": "A text of " + g.name() + "."}
	return ids{"document_id": g.by(g.owner).Upload(g.path("/api/corpus/%d/document", at, "corpus_id"), fields).Want(201).ID()}
}

func (g *ground) document() ids       { return g.documentIn(g.corpus()) }
func (g *ground) publicDocument() ids { return g.documentIn(g.publicCorpus()) }
func (g *ground) editedDocument() ids { return g.documentIn(g.editedCorpus()) }

// notification is of the deletion of somebody by another global admin.
func (g *ground) notification() ids {
	g.t.Helper()
	g.by(g.deputy).Do("DELETE", g.path("/api/user/%d", g.user(), "user_id"), nil).Want(200)
	g.settle()
	var told []struct{ ID int64 }
	g.by(g.chief).Do("GET", "/api/notification?is_read=false", nil).Want(200).Data(&told)
	if len(told) == 0 {
		g.t.Fatal("nobody was told of the deletion")
	}
	return ids{"notification_id": told[0].ID}
}

// nobodyListens is the URL of a receiver that is not there.
const nobodyListens = "http://127.0.0.1:1/"

// webhook is one to a port where nobody listens, with a failed delivery.
func (g *ground) webhook() ids {
	at := ids{"webhook_id": g.create(g.chief, "/api/webhook", map[string]any{"url": nobodyListens, "kinds": []string{"chat.run_completed.v1"}})}
	at["delivery_id"] = g.create(g.chief, g.path("/api/webhook/%d/test", at, "webhook_id"), nil)
	return at
}

// sharePointItem is a folder, in a drive of its own organization.
func (g *ground) sharePointItem() ids {
	return ids{"item_id": g.create(g.chief, "/api/sharepoint/item", map[string]any{"full_path": "/sites/hr/Documents/" + g.name(), "item_type": "folder"})}
}

// grantBy makes a content grant on a user, or on an agent, for an hour.
func (g *ground) grantBy(who, field string, id int64) ids {
	return ids{"content_grant_id": g.create(who, "/api/content-grant", map[string]any{field: id, "reason": "A complaint.", "expires_on": time.Now().Add(time.Hour)})}
}

func (g *ground) contentGrant() ids { return g.grantBy(g.chief, "user_id", g.user()["user_id"]) }
func (g *ground) deputyGrant() ids  { return g.grantBy(g.deputy, "user_id", g.user()["user_id"]) }

func (g *ground) endedGrant() ids {
	at := g.contentGrant()
	g.drop(g.path("/api/content-grant/%d", at, "content_grant_id"))
	return at
}

// openedAnswer is one that the chief may read for a while, and nothing more.
func (g *ground) openedAnswer() ids {
	at := g.teamAgent()
	a := g.ask(g.reader, at)
	g.grantBy(g.chief, "user_id", g.ids[g.reader])
	return ids{"agent_id": at["agent_id"], "agent_response_id": a.ID, "chat_thread_id": a.Thread}
}

// chiefAnswer is a global admin's, which no grant opens to another.
func (g *ground) chiefAnswer() ids {
	at := g.teamAgent()
	a := g.ask(g.deputy, at)
	g.grantBy(g.chief, "agent_id", at["agent_id"])
	return ids{"agent_id": at["agent_id"], "agent_response_id": a.ID, "chat_thread_id": a.Thread}
}

// evaluationDataset belongs to its agent, which the admin owns.
func (g *ground) evaluationDataset() ids {
	at := g.teamAgent()
	id := g.create(g.owner, g.path("/api/agent/%d/evaluation-dataset", at, "agent_id"), map[string]any{
		"name": g.name(), "queries": []any{map[string]any{"query": "What is " + g.name() + "?", "expected_answer": "A name."}},
	})
	return ids{"agent_id": at["agent_id"], "dataset_id": id}
}

// evaluation has ended, so that its stream does.
func (g *ground) evaluation() ids {
	g.t.Helper()
	at := g.evaluationDataset()
	at["evaluation_id"] = g.create(g.owner, g.path("/api/agent/%d/evaluation", at, "agent_id"), map[string]any{"name": g.name(), "dataset_id": at["dataset_id"]})
	g.by(g.owner).Do("PUT", g.path("/api/evaluation/%d/status", at, "evaluation_id"), map[string]any{"status": "cancelled"}).Want(200)
	return ids{"agent_id": at["agent_id"], "evaluation_id": at["evaluation_id"]}
}
