package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// What the model of a run is called for: Usage.Purpose.
const (
	PurposeAnswer = "answer"
	PurposeJudge  = "judge"
)

// Evaluations asks and judges for modules that measure answers. It implements
// chat.Runner, chat.Judge and chat.Answered.
type Evaluations struct{ service *Service }

// Evaluations are those of the service.
func (s *Service) Evaluations() Evaluations { return Evaluations{s} }

// Limits of what is asked for an evaluation, in characters.
const (
	maxQuestion = 32_000
	maxJudged   = 400_000
	maxKey      = 200
)

// The errors of what evaluations ask.
var (
	ErrNoJudge   = apperr.New(apperr.Unprocessable, "chat.no_judge", "No model is configured that could judge; choose metrics that need none.")
	errKeyOther  = apperr.New(apperr.Conflict, "chat.key_of_another_question", "This key belongs to another question.")
	errUnaskable = apperr.New(
		apperr.Unprocessable,
		"chat.invalid_question",
		"A question has 1 to 32,000 characters, a prompt for a judge at most 400,000, and a key 1 to 200.",
	)
	errTestThread = apperr.New(apperr.Unprocessable, "chat.not_a_test_thread", "The thread is none of an evaluation.")
)

// OpenThread implements chat.Runner.
func (e Evaluations) OpenThread(ctx context.Context, t chat.TestThread) (int64, error) {
	s := e.service
	who, err := s.Askers.Actor(ctx, t.OrganizationID, t.UserID)
	if err != nil {
		return 0, err
	}
	agent, err := s.Agents.View(ctx, who, t.AgentID)
	if err != nil {
		return 0, err
	}
	thread := s.newThread(who, agent, titleFrom(t.Title), SourceEvaluation, true)
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		thread, err = s.Store.AddThread(ctx, thread)
		return err
	})
	return thread.ID, err
}

// measured is a question or a call of a judge, which go the same way.
type measured struct {
	organization, user, agent, thread int64
	purpose                           string
	question                          string
	system                            string // of a judge
	model                             string
	key                               string
}

// Run implements chat.Runner.
func (e Evaluations) Run(ctx context.Context, q chat.Question) (chat.Outcome, error) {
	if n := utf8.RuneCountInString(q.Text); strings.TrimSpace(q.Text) == "" || n > maxQuestion || !validKey(q.Key) {
		return chat.Outcome{}, errUnaskable
	}
	r, err := e.service.measure(ctx, measured{
		organization: q.OrganizationID,
		user:         q.UserID,
		agent:        q.AgentID,
		thread:       q.ThreadID,
		purpose:      PurposeAnswer,
		question:     strings.TrimSpace(q.Text),
		model:        q.Model,
		key:          q.Key,
	})
	if err != nil {
		return chat.Outcome{}, err
	}
	out := chat.Outcome{
		AgentResponseID: r.Run.ID,
		RunID:           r.Run.RunID,
		State:           string(r.State),
		FailureCode:     r.FailureCode,
		FailureDetails:  r.FailureDetails,
		FinishReason:    r.FinishReason,
		Answer:          r.Answer,
		AgentVersion:    r.AgentVersion,
		Model:           r.Model,
		Figures:         figures(r.Run),
	}
	for _, f := range r.References {
		out.References = append(out.References, chat.Reference{Number: f.Number, Title: f.Title, URL: f.URL, DocumentID: f.DocumentID})
	}
	support, err := e.service.Store.Support(ctx, r.Run.ID)
	for _, p := range support {
		out.Contexts = append(
			out.Contexts,
			chat.SourcePassage{Number: p.Number, DocumentID: p.DocumentID, CorpusID: p.CorpusID, ChunkID: p.ChunkID, Title: p.Title, Text: p.Text},
		)
	}
	return out, err
}

// Models implements chat.Judge.
func (e Evaluations) Models() []string {
	var names []string
	for _, o := range e.service.Models {
		if !o.Offline {
			names = append(names, o.Model.Name())
		}
	}
	return names
}

// Judge implements chat.Judge.
func (e Evaluations) Judge(ctx context.Context, c chat.JudgeCall) (chat.Verdict, error) {
	if n := utf8.RuneCountInString(c.Prompt); n == 0 || n+utf8.RuneCountInString(c.System) > maxJudged || !validKey(c.Key) {
		return chat.Verdict{}, errUnaskable
	}
	if len(e.Models()) == 0 {
		return chat.Verdict{}, ErrNoJudge
	}
	r, err := e.service.measure(ctx, measured{
		organization: c.OrganizationID,
		user:         c.UserID,
		agent:        c.AgentID,
		thread:       c.ThreadID,
		purpose:      PurposeJudge,
		question:     c.Prompt,
		system:       c.System,
		model:        c.Model,
		key:          c.Key,
	})
	if err != nil {
		return chat.Verdict{}, err
	}
	return chat.Verdict{
		AgentResponseID: r.Run.ID, State: string(r.State), FailureCode: r.FailureCode, FailureDetails: r.FailureDetails, FinishReason: r.FinishReason,
		Text: r.Answer, Model: r.Model, Figures: figures(r.Run),
	}, nil
}

func validKey(key string) bool { return key != "" && utf8.RuneCountInString(key) <= maxKey }

func figures(r Run) chat.Figures {
	return chat.Figures{PromptTokens: r.PromptTokens, CompletionTokens: r.CompletionTokens, Cost: r.Cost, AskedOn: r.CreatedOn, EndedOn: r.ModifiedOn}
}

// measure asks once for each key and answers how the run ended, completed or
// failed.
func (s *Service) measure(ctx context.Context, m measured) (Record, error) {
	for {
		run, err := s.Store.RunByQuestion(ctx, m.user, m.storedKey())
		switch {
		case errors.Is(err, ErrNotFound):
			record, err := s.begin(ctx, m)
			if errors.Is(err, errOnceMore) {
				continue
			}
			return record, err
		case err != nil:
			return Record{}, err
		case run.Fingerprint != m.fingerprint():
			return Record{}, errKeyOther
		case run.IsDeleted, run.State == Cancelled, run.State == Interrupted:
			// It answers nothing, so the question is asked anew.
			if err := s.Store.ForgetQuestion(ctx, run.ID); err != nil {
				return Record{}, err
			}
		case run.State.Open():
			if err := s.awaitMeasured(ctx, run); err != nil {
				return Record{}, err
			}
		default:
			contents, err := s.Store.Contents(ctx, []int64{run.ID})
			return Record{Run: run, Content: contents[run.ID]}, err
		}
	}
}

// storedKey keeps answers and judgements apart.
func (m measured) storedKey() string { return m.purpose + "/" + m.key }

// fingerprint tells one question from another under the same key.
func (m measured) fingerprint() string {
	sum := sha256.Sum256(plainJSON([]any{m.purpose, m.agent, m.model, m.system, m.question}))
	return hex.EncodeToString(sum[:])
}

// awaitMeasured waits for a run that was begun before, and cancels it when ctx
// ends.
func (s *Service) awaitMeasured(ctx context.Context, run Run) error {
	_, err := s.Await(ctx, actor.Actor{UserID: run.UserID, OrganizationID: run.OrganizationID}, run.ID)
	if ctx.Err() == nil {
		if errors.Is(err, ErrNotFound) { // deleted meanwhile
			err = nil
		}
		return err
	}
	s.cancelHere(run.ID)
	const patience = 5 * time.Second
	detached, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	if _, err := s.Store.RequestCancel(detached, run.UserID, run.ID); err != nil && !errors.Is(err, ErrEnded) && !errors.Is(err, ErrNotFound) {
		return errors.Join(context.Cause(ctx), fmt.Errorf("cancelling run %d: %w", run.ID, err))
	}
	return context.Cause(ctx)
}

// errOnceMore is that of a question which somebody else asked at the same
// moment, or whose thread changed.
var errOnceMore = errors.New("look once more")

// begin asks when the turn has come and answers how the run ended.
func (s *Service) begin(ctx context.Context, m measured) (Record, error) {
	turn, err := s.places.await(ctx, s.base, m.organization, m.user)
	if err != nil {
		return Record{}, err
	}
	x, err := s.newMeasured(ctx, turn, m)
	if err != nil {
		turn.leave()
		return Record{}, err
	}
	if err := x.accept(ctx); err != nil {
		if errors.Is(err, ErrInProgress) || errors.Is(err, ErrNotFound) && s.forgot(ctx, x.thread) {
			return Record{}, errOnceMore
		}
		return Record{}, err
	}
	go x.execute()
	select {
	case <-x.done:
	case <-ctx.Done():
		x.cancel(ErrCancelled)
		return Record{}, context.Cause(ctx)
	}
	record, err := x.recorded()
	if err != nil {
		return Record{}, err
	}
	switch record.FailureCode {
	case "":
	case ErrCancelled.Code:
		return Record{}, ErrCancelled
	case ErrDeleted.Code:
		return Record{}, ErrDeleted
	case ErrAccessLost.Code:
		return Record{}, ErrAccessLost
	case ErrInterrupted.Code:
		return Record{}, ErrInterrupted
	}
	return record, nil
}

// newMeasured is the run of a question whose turn has come.
func (s *Service) newMeasured(ctx context.Context, turn *turn, m measured) (*execution, error) {
	who, err := s.Askers.Actor(ctx, m.organization, m.user)
	if err != nil {
		return nil, err
	}
	agent, err := s.Agents.Run(ctx, who, m.agent)
	if err != nil {
		return nil, err
	}
	ofAgent := agent.Model
	if m.purpose == PurposeJudge {
		ofAgent = ""
	}
	offer, err := s.Models.choose(m.model, ofAgent)
	if err != nil {
		return nil, err
	}
	thread, err := s.Store.Thread(ctx, m.user, m.thread)
	switch {
	case err != nil:
		return nil, err
	case thread.AgentID != agent.ID:
		return nil, ErrOtherAgent
	case thread.QuerySource == nil || *thread.QuerySource != SourceEvaluation:
		return nil, errTestThread
	}
	thread.ModifiedBy, thread.ModifiedOn = who.Name(), s.Clock.Now()
	uncached := false
	x := s.newExecution(turn, who, agent, Ask{
		AgentID: m.agent, QuerySource: SourceEvaluation, Fingerprint: m.fingerprint(), Options: Options{Model: m.model, Caching: &uncached},
	}, thread, m.question, []Turn{})
	key := m.storedKey()
	x.offer, x.run.Purpose, x.run.QuestionKey = offer, m.purpose, &key
	if x.isJudge() {
		x.content.PromptPrefix, x.content.Instructions = m.system, nil
	}
	return x, nil
}

// isJudge reports whether the model is called with a prompt of an evaluation.
func (x *execution) isJudge() bool { return x.run.Purpose == PurposeJudge }

// prepareJudge makes the prompt of a judge: what the evaluation says, and
// nothing else.
func (x *execution) prepareJudge() {
	exact := 0.0
	x.prompt = Prompt{System: x.content.PromptPrefix, Rendered: x.content.Question, Original: x.content.Question, Temperature: &exact}
	x.promptTokens = tokensOf(x.prompt.System) + tokensOf(x.prompt.Rendered) + 2*ofMessage
}

// purpose is what the model of a run is called for.
func (r Run) purpose() string { return cmp.Or(r.Purpose, PurposeAnswer) }
