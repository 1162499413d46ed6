package chat_test

import (
	"testing"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/event"
)

// completed is what a run with one call of a model tells.
func completed() chat.RunCompleted {
	at := time.Date(2026, 11, 30, 7, 2, 3, 456_789_000, time.UTC)
	return chat.RunCompleted{Run: chat.Run{
		RunID: "01931f5e-7a3c-7bb2-9d4e-0123456789ab", AgentResponseID: 123_456, OrganizationID: 1, ThreadID: 45_678, AgentID: 3, AgentVersion: 2, AgentType: "assistant",
		ProjectID: 4, TeamID: 5, UserID: 6, QuerySource: "chat", State: "completed", AskedOn: at, EndedOn: at.Add(time.Second),
		Usage: []chat.Usage{{Purpose: "answer", Model: "bench-model", FreshInput: 1_234, Output: 56, CostNano: 1_000, UsageSource: "provider", Cost: "0.000001", CostSource: "prices"}},
	}}
}

// BenchmarkSeal gives the events of a commit with ten runs their form.
func BenchmarkSeal(b *testing.B) {
	var facts []event.Event
	for range 10 {
		facts = append(facts, chat.ThreadCreated{ThreadID: 45_678, OrganizationID: 1, AgentID: 3, ProjectID: 4, TeamID: 5, UserID: 6, CreatedOn: completed().AskedOn}, completed())
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := event.Seal(completed().EndedOn, facts); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode reads what each consumer of runs reads for each of them.
func BenchmarkDecode(b *testing.B) {
	sealed, err := event.Seal(completed().EndedOn, []event.Event{completed()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var e chat.RunCompleted
		if err := sealed[0].Decode(&e); err != nil {
			b.Fatal(err)
		}
	}
}
