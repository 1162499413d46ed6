package core_test

import (
	"encoding/json"
	"errors"
	"testing"

	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

func TestContentIsTheAskersAlone(t *testing.T) {
	play(t, func(s *scene) {
		s.agents.admins[ann.UserID] = true // figures, not other people's words
		run := s.ended(s.ask("What is green?")).Run
		reads := map[string]func() error{
			"record":             func() error { _, err := s.Record(s.ctx, ann, run.ID); return err },
			"thread":             func() error { _, _, err := s.Thread(s.ctx, ann, run.ThreadID, page.Request{}); return err },
			"thoughts":           func() error { _, err := s.Thoughts(s.ctx, ann, run.ID); return err },
			"support":            func() error { _, err := s.Support(s.ctx, ann, run.ID); return err },
			"cancel":             func() error { _, err := s.Cancel(s.ctx, ann, run.ID); return err },
			"decider of answers": func() error { return s.Deciders().Ask(s.ctx, actor.Answer, ann, run.ID, access.View) },
			"decider of threads": func() error { return s.Deciders().Ask(s.ctx, actor.Thread, ann, run.ThreadID, access.View) },
		}
		for name, read := range reads {
			t.Run(name, func(t *testing.T) { s.is(read(), core.ErrNotFound) })
		}
		s.must(s.Deciders().Ask(s.ctx, actor.Answer, jo, run.ID, access.View))
		s.must(s.Deciders().Ask(s.ctx, actor.Thread, jo, run.ThreadID, access.Edit))
		list, err := s.Threads(s.ctx, ann, 3, "", page.Request{})
		s.must(err)
		s.same(0, len(list.Items))
		s.agents.hidden[ann.UserID] = true
		_, err = s.Threads(s.ctx, ann, 3, "", page.Request{})
		s.is(err, errHidden)
		_, err = s.CreateThread(s.ctx, ann, 3, "")
		s.is(err, errHidden)
	})
}

func TestSupportIsWhatMayBeReadNow(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		whole := []core.Support{{Number: 1, Passage: s.library.passages[0]}, {Number: 2, Passage: s.library.passages[1]}}
		read := func() []core.Support {
			got, err := s.Support(s.ctx, jo, run.ID)
			s.must(err)
			return got
		}
		s.same(whole, read())
		s.library.unreadable[11] = true
		s.same(whole[1:], read())
		s.library.unreadable[12] = true
		s.same(0, len(read()))
		s.library.unreadable = map[int64]bool{}
		s.same(whole, read())
	})
}

func TestThoughtsHideTheTitlesOfWhatMayNotBeReadNow(t *testing.T) {
	play(t, func(s *scene) {
		s.library.candidates = []corpora.Candidate{{ChunkID: 21, DocumentID: 11, Title: "Guide › Warp", Score: 2, Kept: true, Why: "words"}, {ChunkID: 22, DocumentID: 12, Title: "Notes", Score: 1}}
		run := s.ended(s.ask("What is green?")).Run
		stored, err := s.store.Thoughts(s.ctx, run.ID)
		s.must(err)
		read := func() []string {
			t.Helper()
			got, err := s.Thoughts(s.ctx, jo, run.ID)
			s.must(err)
			var titles []string
			for i, thought := range got {
				var detail, was map[string]any
				s.must(json.Unmarshal(thought.Detail, &detail))
				s.must(json.Unmarshal(stored[i].Detail, &was))
				for j, c := range some(detail["candidates"]) {
					titles = append(titles, c["title"].(string))
					c["title"] = some(was["candidates"])[j]["title"]
				}
				s.same(was, detail) // but for the titles
			}
			return titles
		}
		s.same([]string{"Guide › Warp", "Notes"}, read())
		s.library.unreadable[11] = true
		s.same([]string{"", "Notes"}, read())
		s.library.unreadable[12] = true
		s.same([]string{"", ""}, read())
	})
}

// some are the objects of a list in JSON.
func some(list any) []map[string]any {
	all, _ := list.([]any)
	out := make([]map[string]any, len(all))
	for i, v := range all {
		out[i] = v.(map[string]any)
	}
	return out
}

func TestAnAnswerFromNothingHasNoSupport(t *testing.T) {
	play(t, func(s *scene) {
		s.library.passages = []corpora.Passage{}
		s.model.answer = says(0, "Nothing fits [1].")
		run := s.ended(s.ask("What is green?"))
		s.same("Nothing fits .", run.Answer)
		got, err := s.Support(s.ctx, jo, run.Run.ID)
		s.must(err)
		s.same(0, len(got))
	})
}

func TestThePromptIsShownToTheAgentsAdmins(t *testing.T) {
	play(t, func(s *scene) {
		s.agents.agent.PrefixPrompt = "You are kind."
		run := s.ask("What is green?")
		s.same(false, s.ended(run).ShowPrompt)
		s.agents.admins[jo.UserID] = true
		got := s.ended(run)
		s.same([]any{true, "You are kind."}, []any{got.ShowPrompt, got.PromptPrefix})
		s.agents.hidden[jo.UserID] = true // the thread stays theirs
		s.same(false, s.ended(run).ShowPrompt)
	})
}

func TestARightThatCannotBeLookedUpIsAnError(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?"))
		s.agents.broken = errors.New("the database is away")
		_, err := s.Record(s.ctx, jo, run.ID)
		s.is(err, s.agents.broken)
		_, _, err = s.Thread(s.ctx, jo, run.ThreadID, page.Request{})
		s.is(err, s.agents.broken)
	})
}

func TestAThreadShowsItsRunsOldestFirst(t *testing.T) {
	play(t, func(s *scene) {
		first := s.ended(s.ask("What is green?"))
		second := s.ended(s.ask("And blue?", in(first.ThreadID)))
		_, list, err := s.Thread(s.ctx, jo, first.ThreadID, page.Request{})
		s.must(err)
		s.same([]core.Record{first, second}, list.Items)
		_, list, err = s.Thread(s.ctx, jo, first.ThreadID, page.Request{Number: 2, Size: 1})
		s.must(err)
		s.same([]core.Record{second}, list.Items)
		s.same(int64(2), list.Count)
	})
}
