package main

import (
	"strings"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// The kinds of actor that the matrix has.
const (
	anonymous    = "anonymous"
	suspended    = "suspended"
	stranger     = "stranger" // an ordinary user without any role
	member       = "member"   // of the own team
	admin        = "admin"    // of the own team; owns the corpora and has asked the questions
	appAdmin     = "application admin"
	globalAdmin  = "global admin"
	foreignAdmin = "other organization's global admin"
	readOnlyKey  = "read-only key"  // of the global admin
	agentKey     = "restricted key" // of the global admin; reads agents alone
	userKey      = "key for users"  // of the global admin; reads and writes users alone
)

var actors = []string{anonymous, suspended, stranger, member, admin, appAdmin, globalAdmin, foreignAdmin, readOnlyKey, agentKey, userKey}

// reaches are how far the global admin's narrow keys go.
var reaches = map[string]func(group string, reads bool) bool{
	readOnlyKey: func(_ string, reads bool) bool { return reads },
	agentKey:    func(group string, reads bool) bool { return group == "agent" && reads },
	userKey:     func(group string, _ bool) bool { return group == "user" },
}

// colleagues are the users of the own organization who can act.
var colleagues = []string{stranger, member, admin, appAdmin, globalAdmin}

var levels = map[string]actor.Level{appAdmin: actor.ApplicationAdmin, globalAdmin: actor.GlobalAdmin, foreignAdmin: actor.GlobalAdmin, readOnlyKey: actor.GlobalAdmin, agentKey: actor.GlobalAdmin, userKey: actor.GlobalAdmin}

// administers are those who are an admin of anything.
var administers = map[string]bool{admin: true, globalAdmin: true, foreignAdmin: true, readOnlyKey: true, agentKey: true, userKey: true}

// rights are what an actor may do to a specimen: letters of view, run, edit,
// manage and delete.
type rights map[string]string

func (r rights) may(who string, do access.Action) bool {
	if reaches[who] != nil {
		who = globalAdmin // whose keys they are
	}
	return strings.Contains(r[who], string(do)[:1])
}

// all are the rights of every listed actor on top of those of every colleague.
func all(letters string, more rights) rights {
	out := rights{}
	for _, who := range colleagues {
		out[who] = letters
	}
	for who, letters := range more {
		out[who] = letters
	}
	return out
}

// specimen is one resource of a kind, in a state that matters to the decision.
// Its rights are facts of the world that the test builds, and not of any route.
type specimen struct {
	name string
	may  rights
	// make makes another one and answers its id, by the names of parameters,
	// with those of what it belongs to.
	make func(g *ground) ids
}

// ids are the ids of resources, by the names of path parameters.
type ids map[string]int64

// specimens are the kinds of resource with what stands for each in the own
// organization, the ordinary case first. Beside them each kind has a foreign
// one, which is the other organization's, and one that never existed.
var specimens = map[actor.Resource][]specimen{
	actor.Organization: {{"own", all("v", rights{appAdmin: "vm", globalAdmin: "vem"}), (*ground).organization}},
	actor.Team: {
		{"own", rights{member: "v", admin: "vemd", globalAdmin: "vemd"}, (*ground).team},
		{"of which the admin is a member", rights{admin: "v", globalAdmin: "vemd"}, (*ground).otherTeam},
		{"of nobody here", rights{globalAdmin: "vemd"}, (*ground).loneTeam},
		{"deleted", nil, (*ground).deletedTeam},
	},
	actor.Project: {
		{"of the team", rights{member: "v", admin: "vemd", globalAdmin: "vemd"}, (*ground).project},
		{"without a team", rights{globalAdmin: "vemd"}, (*ground).loneProject},
		{"deleted", nil, (*ground).deletedProject},
	},
	actor.Agent: {
		{"Only team", rights{member: "vr", admin: "vremd", globalAdmin: "vremd"}, (*ground).teamAgent},
		{"Only me", rights{admin: "vremd", globalAdmin: "vremd"}, (*ground).privateAgent},
		{"Public", all("vr", rights{admin: "vremd", globalAdmin: "vremd"}), (*ground).publicAgent},
		{"Public, paused", all("v", rights{admin: "vremd", globalAdmin: "vremd"}), (*ground).pausedAgent},
		{"deleted", nil, (*ground).deletedAgent},
	},
	actor.AgentType: {{"own", all("v", rights{globalAdmin: "ve"}), (*ground).agentType}},
	actor.Review: {
		{"the member's", rights{member: "ved", admin: "vd", globalAdmin: "vd"}, (*ground).review},
		{"the admin's", rights{member: "v", admin: "ved", globalAdmin: "vd"}, (*ground).ownerReview},
	},
	// To run a user is to send them a notification.
	actor.Account: {
		{"a user", all("v", rights{appAdmin: "vremd", globalAdmin: "vremd"}), (*ground).user},
		{"a member of the admin's team", all("v", rights{admin: "vr", appAdmin: "vremd", globalAdmin: "vremd"}), (*ground).teammate},
		{"an application admin", all("v", rights{appAdmin: "vremd", globalAdmin: "vremd"}), (*ground).staff},
		{"a global admin", all("v", rights{appAdmin: "vr", globalAdmin: "vrd"}), (*ground).peer},
		{"a service user and global admin", all("v", rights{appAdmin: "vr", globalAdmin: "vrmd"}), (*ground).servicePeer},
		{oneself, all("v", rights{admin: "vr", appAdmin: "vrmd", globalAdmin: "vrmd", foreignAdmin: "vrmd"}), nil},
		{"deleted", nil, (*ground).deletedUser},
	},
	actor.Permission: {
		{"the member's on the team", rights{member: "v", admin: "vemd", globalAdmin: "vemd"}, (*ground).teamRole},
		{"a global admin's in the organization", rights{appAdmin: "v", globalAdmin: "v"}, (*ground).peerRole},
		{"somebody's in the organization", rights{appAdmin: "vemd", globalAdmin: "vemd"}, (*ground).organizationRole},
	},
	actor.APIKey: {
		{"a service user's", rights{appAdmin: "vd", globalAdmin: "vd"}, (*ground).serviceKey},
		{"the member's", rights{member: "vd"}, (*ground).memberKey},
	},
	actor.Corpus: {
		{"private", rights{admin: "vemd", globalAdmin: "vemd"}, (*ground).corpus},
		{"public", all("v", rights{admin: "vemd", globalAdmin: "vemd"}), (*ground).publicCorpus},
		{"public, the global admin's", all("v", rights{globalAdmin: "vemd"}), (*ground).chiefCorpus},
		{"shown to the team", rights{member: "v", admin: "vemd", globalAdmin: "vemd"}, (*ground).shownCorpus},
		{"the member's to edit", rights{member: "ve", admin: "vemd", globalAdmin: "vemd"}, (*ground).editedCorpus},
		{"the team's to administer", rights{member: "vemd", admin: "vemd", globalAdmin: "vemd"}, (*ground).teamCorpus},
	},
	actor.Document: {
		{"private", rights{admin: "vemd", globalAdmin: "vemd"}, (*ground).document},
		{"public", all("v", rights{admin: "vemd", globalAdmin: "vemd"}), (*ground).publicDocument},
		{"the member's to edit", rights{member: "ve", admin: "vemd", globalAdmin: "vemd"}, (*ground).editedDocument},
	},
	actor.Answer: {
		{"the admin's", rights{admin: "vremd"}, (*ground).answer},
		{"the member's, with a content grant of the global admin's", rights{member: "vremd", globalAdmin: "v"}, (*ground).openedAnswer},
		{"a global admin's, with a content grant on the agent", nil, (*ground).chiefAnswer},
		{"deleted", nil, (*ground).deletedAnswer},
	},
	actor.Thread: {
		{"the admin's", rights{admin: "vremd"}, (*ground).answer},
		{"the member's, with a content grant of the global admin's", rights{member: "vremd", globalAdmin: "v"}, (*ground).openedAnswer},
		{"a global admin's, with a content grant on the agent", nil, (*ground).chiefAnswer},
		{"deleted", nil, (*ground).deletedThread},
	},
	// Who made a live one may run it: list what it opens.
	actor.ContentGrant: {
		{"the global admin's", rights{globalAdmin: "vrd"}, (*ground).contentGrant},
		{"another global admin's", rights{globalAdmin: "vd"}, (*ground).deputyGrant},
		{"ended", rights{globalAdmin: "vd"}, (*ground).endedGrant},
	},
	actor.SharePointItem: {
		{"a folder", rights{appAdmin: "vemd", globalAdmin: "vemd"}, (*ground).sharePointItem},
	},
	actor.Notification:      {{"the global admin's", rights{globalAdmin: "ve"}, (*ground).notification}},
	actor.Webhook:           {{"own", rights{globalAdmin: "vemd"}, (*ground).webhook}},
	actor.EvaluationDataset: {{"of the team's agent", rights{admin: "vremd", globalAdmin: "vremd"}, (*ground).evaluationDataset}},
	actor.Evaluation:        {{"of the team's agent, cancelled", rights{admin: "vremd", globalAdmin: "vremd"}, (*ground).evaluation}},
}

// oneself is the caller.
const oneself = "oneself"

// theirs are the rights on a foreign resource, which its global admin created.
var theirs = rights{foreignAdmin: "vremd"}

// foreignOnes create a resource of a kind in the other organization.
var foreignOnes = map[actor.Resource]func(g *ground) ids{
	actor.Organization: (*ground).organization, actor.Team: (*ground).team, actor.Project: (*ground).project, actor.Agent: (*ground).teamAgent, actor.AgentType: (*ground).agentType,
	actor.Review: (*ground).review, actor.Account: (*ground).user, actor.Permission: (*ground).teamRole, actor.APIKey: (*ground).serviceKey, actor.Corpus: (*ground).corpus,
	actor.Document: (*ground).document, actor.Answer: (*ground).answer, actor.Thread: (*ground).answer, actor.Notification: (*ground).notification,
	actor.SharePointItem: (*ground).sharePointItem, actor.ContentGrant: (*ground).contentGrant, actor.Webhook: (*ground).webhook,
	actor.EvaluationDataset: (*ground).evaluationDataset, actor.Evaluation: (*ground).evaluation,
}

// named is the parameter that names a resource of a kind.
func named(kind actor.Resource) string {
	switch kind {
	case actor.Answer:
		return "agent_response_id"
	case actor.Thread:
		return "chat_thread_id"
	case actor.SharePointItem:
		return "item_id"
	case actor.EvaluationDataset:
		return "dataset_id"
	}
	return strings.ReplaceAll(strings.ToLower(string(kind)), " ", "_") + "_id"
}
