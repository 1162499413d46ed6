package core

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
)

// The errors of who reads the questions that an agent has answered.
var (
	ErrNotAgentAdmin = apperr.New(apperr.Forbidden, "chat.not_agent_admin", "Only an admin of the agent may read what it was asked.")
	ErrFarPage       = apperr.New(apperr.Unprocessable, "chat.far_page", "This list counts no pages; walk it by cursor.").WithField("page", "is too far")
	ErrTextFilter    = apperr.New(apperr.Unprocessable, "chat.text_filter", "Nothing in this text can be searched for, or it has more than 10 words.").
				WithField("q", "has no words, or more than 10")
)

// Votes of an AnsweredRun.
const (
	NoVote   int64 = 0
	Upvote   int64 = 1
	Downvote int64 = -1
)

// AnsweredFilter selects questions that an agent has answered for its users.
type AnsweredFilter struct {
	AgentID  int64
	From, To time.Time // of the question, To excluded; zero for no bound
	Vote     *int64    // nil for every one
	Text     string    // whose words question and answer have, "" for every one
}

// AnsweredRun is an answered question as a list finds it.
type AnsweredRun struct {
	ID, ThreadID, UserID int64
	CreatedOn            time.Time
	Vote                 int64
}

// AnsweredPart is a part of the answered questions, newest first. The part may
// be short although More follow behind its end.
type AnsweredPart struct {
	Runs []AnsweredRun
	End  page.Key // of the last that was looked at
	More bool
}

// Answers keeps what agents have answered their users: completed runs that are
// not deleted and not of evaluations.
type Answers interface {
	// Answered looks for at most limit answered questions behind a key, the zero
	// key for the newest ones, by index whatever is filtered. With words, all of
	// which a question and its answer have together, the runs are those that the
	// index of words may have them in: it takes different words for the same
	// once in a while, and has not looked at the newest answers yet.
	Answered(ctx context.Context, f AnsweredFilter, words []string, behind page.Key, limit int) (AnsweredPart, error)
	// AnsweredByID answers those of ids that are answered questions of the agent,
	// ascending.
	AnsweredByID(ctx context.Context, agentID int64, ids []int64) ([]AnsweredRun, error)
	// Sources answers the documents whose passages a run was given, or an
	// earlier run of its thread that it may have as history, for each run of a
	// few; those it can't answer for are left out.
	Sources(ctx context.Context, runs []AnsweredRun) (map[int64][]int64, error)
	// IndexWords takes the words of answers into the index, within the unit of
	// ctx: those that wait for it and are not deleted.
	IndexWords(ctx context.Context, answers []AnswerWords) error
	// IndexWaiting does so with up to limit answers that wait, of runs up to an
	// id, whose texts it reads. It reports whether more may wait.
	IndexWaiting(ctx context.Context, upTo int64, limit int) (more bool, err error)
	// LastWaiting is the highest run id of the answers that wait, 0 for none.
	LastWaiting(ctx context.Context) (int64, error)
	// IndexOlderWords does so with up to limit runs that were there before the
	// index was, and reports whether any are left.
	IndexOlderWords(ctx context.Context, limit int) (more bool, err error)
}

// AnsweredQuestion is a question of some user with its answer.
type AnsweredQuestion struct {
	AnsweredRun
	Question, Answer string
	Cited            []int64 // documents
	ShowUser         bool    // a content grant of the reader's is on it
}

// Limits of one request for answered questions.
const (
	answeredBatch = 200    // runs that are looked at together
	answeredScan  = 2_000  // runs that are looked at for one answer, more or less
	answeredFar   = 10_000 // the last entry that a page by number may begin with
)

// AnsweredQuestions answers the questions that an agent has answered to its
// admin, newest first: those whose sources the reader may all read now. It is
// in the audit log. A part may be short although more follow. With a live
// content grant of the reader's it tells who asked, as far as that is on.
func (s *Service) AnsweredQuestions(
	ctx context.Context,
	reader actor.Actor,
	f AnsweredFilter,
	grantID int64,
	p page.Request,
) (page.Of[AnsweredQuestion], error) {
	out := page.Of[AnsweredQuestion]{Count: -1, Request: p}
	out.Request.ByCursor = true // whatever was asked for: nothing is counted
	if err := s.administers(ctx, reader, f.AgentID); err != nil {
		return out, err
	}
	grant, err := s.granted(ctx, reader, grantID)
	if err != nil {
		return out, err
	}
	words, err := wordsOfFilter(f.Text)
	if err != nil {
		return out, err
	}
	var behind page.Key
	if p.Cursor != "" {
		if err := page.DecodeCursor(p.Cursor, &behind); err != nil {
			return out, err
		}
	}
	skip := p.Offset()
	if skip > answeredFar {
		return out, ErrFarPage
	}
	for looked := 0; ; {
		part, err := s.Store.Answered(ctx, f, words, behind, min(answeredBatch, p.Fetch()+skip))
		if err != nil {
			return out, err
		}
		found, err := s.readableAnswers(ctx, reader, f.AgentID, part.Runs, words)
		if err != nil {
			return out, err
		}
		n := min(skip, len(found))
		skip, found = skip-n, found[n:]
		out.Items = append(out.Items, found...)
		behind, looked = part.End, looked+len(part.Runs)
		if len(out.Items) > p.Limit() {
			out = page.Trim(out.Items, out.Request, answeredKey)
			break
		}
		if !part.More {
			break
		}
		if len(part.Runs) == 0 || looked >= answeredScan+p.Offset() {
			out.NextCursor = page.EncodeCursor(behind)
			break
		}
	}
	return out, s.tellAnswered(ctx, reader, f.AgentID, grant, out.Items)
}

func answeredKey(q AnsweredQuestion) page.Key { return page.Key{At: q.CreatedOn, ID: q.ID} }

// administers answers nil for an admin of the agent.
func (s *Service) administers(ctx context.Context, reader actor.Actor, agentID int64) error {
	admin, err := s.Agents.Administers(ctx, reader, agentID)
	if err == nil && !admin {
		return ErrNotAgentAdmin
	}
	return err
}

// granted is the content grant that the reader names; nil without one.
func (s *Service) granted(ctx context.Context, reader actor.Actor, id int64) (*Grant, error) {
	if id == 0 {
		return nil, nil
	}
	g, err := s.usable(ctx, reader, id)
	return &g, err
}

// tellAnswered notes the read in the audit log, and tells of what is read
// through a grant.
func (s *Service) tellAnswered(ctx context.Context, reader actor.Actor, agentID int64, g *Grant, list []AnsweredQuestion) error {
	if g == nil {
		return s.tell(ctx)
	}
	admins, err := s.Askers.GlobalAdminIDs(ctx, reader.OrganizationID)
	if err != nil {
		return err
	}
	var reads []chat.ContentRead
	for i, q := range list {
		on := g.UserID != nil && *g.UserID == q.UserID || g.AgentID != nil && *g.AgentID == agentID
		if !on || slices.Contains(admins, q.UserID) {
			continue
		}
		list[i].ShowUser = true
		reads = append(reads, chat.ContentRead{
			GrantID:         g.ID,
			OrganizationID:  reader.OrganizationID,
			ReaderID:        reader.UserID,
			UserID:          q.UserID,
			AgentID:         agentID,
			ThreadID:        q.ThreadID,
			AgentResponseID: q.ID,
		})
	}
	return s.tell(ctx, reads...)
}

// readableAnswers adds the texts of answered questions and leaves out those
// with a source that the reader may not read, and those without the words.
func (s *Service) readableAnswers(ctx context.Context, reader actor.Actor, agentID int64, runs []AnsweredRun, words []string) ([]AnsweredQuestion, error) {
	if len(runs) == 0 {
		return nil, nil
	}
	sources, err := s.Store.Sources(ctx, runs)
	if err != nil {
		return nil, err
	}
	var documents []int64
	for _, list := range sources {
		documents = append(documents, list...)
	}
	slices.Sort(documents)
	may, err := s.readable(ctx, reader, agentID, slices.Compact(documents))
	if err != nil {
		return nil, err
	}
	var open []AnsweredRun
	var ids []int64
	for _, r := range runs {
		list, known := sources[r.ID]
		if known && !slices.ContainsFunc(list, func(d int64) bool { return !may[d] }) {
			open, ids = append(open, r), append(ids, r.ID)
		}
	}
	contents, err := s.Store.Contents(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []AnsweredQuestion
	for _, r := range open {
		c, there := contents[r.ID]
		if !there || !hasWords(c, words) {
			continue
		}
		q := AnsweredQuestion{AnsweredRun: r, Question: c.Question, Answer: c.Answer}
		for _, ref := range c.References {
			q.Cited = append(q.Cited, ref.DocumentID)
		}
		slices.Sort(q.Cited)
		q.Cited = slices.Compact(q.Cited)
		out = append(out, q)
	}
	return out, nil
}

// maxAnswered is how many responses are asked for by their ids at once.
const maxAnswered = 1000

// Answered implements chat.Answered.
func (e Evaluations) Answered(ctx context.Context, reader actor.Actor, agentID int64, responseIDs []int64) ([]chat.AnsweredQuestion, []int64, error) {
	s := e.service
	if err := s.administers(ctx, reader, agentID); err != nil {
		return nil, nil, err
	}
	ids := slices.Clone(responseIDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > maxAnswered {
		return nil, nil, errTooManyResponses
	}
	runs, err := s.Store.AnsweredByID(ctx, agentID, ids)
	if err != nil {
		return nil, nil, err
	}
	var found []chat.AnsweredQuestion
	for part := range slices.Chunk(runs, answeredBatch) {
		list, err := s.readableAnswers(ctx, reader, agentID, part, nil)
		if err != nil {
			return nil, nil, err
		}
		for _, q := range list {
			found = append(found, chat.AnsweredQuestion{
				AgentResponseID: q.ID,
				Query:           q.Question,
				Answer:          q.Answer,
				DocumentIDs:     q.Cited,
				CreatedOn:       q.CreatedOn,
				IsUpvote:        q.Vote == Upvote,
				IsDownvote:      q.Vote == Downvote,
			})
		}
	}
	notFound := slices.DeleteFunc(ids, func(id int64) bool {
		_, there := slices.BinarySearchFunc(found, id, func(q chat.AnsweredQuestion, id int64) int { return cmp.Compare(q.AgentResponseID, id) })
		return there
	})
	return found, notFound, nil
}

var errTooManyResponses = apperr.New(apperr.Unprocessable, "chat.too_many_responses", "Name at most 1,000 answers at once.")
