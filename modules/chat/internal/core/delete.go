package core

import (
	"context"
	"fmt"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// ErrDeleted answers who waits for an answer that is deleted meanwhile, and who
// repeats the request that it was for.
var ErrDeleted = apperr.New(apperr.Conflict, "chat.deleted", "This answer was deleted. Ask again, without an Idempotency-Key or with another one.")

// Deletions takes conversations and answers away. What is taken away is there
// for nobody from the commit on: each other method of the store leaves it out,
// and Write stores no more text of it. Runs stay as bare figures, with their
// ledger, their votes and their Idempotency-Keys; open ones are marked to be
// cancelled.
type Deletions interface {
	// DeleteThread deletes a thread of the user's with all its runs, within the
	// unit of ctx, and answers it as it was. Texts, comments and title go.
	DeleteThread(ctx context.Context, userID, id int64, by string, now time.Time) (Thread, error)
	// DeleteRun deletes a run of the user's, within the unit of ctx, with its
	// texts and comments. It takes the exchange out of what later runs of the
	// thread keep as their history, too.
	DeleteRun(ctx context.Context, userID, id int64) error
}

// DeleteThread deletes a thread of the caller's and answers it as it was. A
// question on its way into it finds it gone, and answers that are being made
// end: those of this process at once, those of others when they store
// something, hear of the event or renew their leases.
func (s *Service) DeleteThread(ctx context.Context, who actor.Actor, id int64) (Thread, error) {
	var t Thread
	err := s.deleting(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		now := s.Clock.Now()
		if t, err = s.Store.DeleteThread(ctx, who.UserID, id, who.Name(), now); err != nil {
			return err
		}
		tx.Publish(chat.ThreadDeleted{ThreadID: id, OrganizationID: t.OrganizationID, AgentID: t.AgentID, UserID: t.UserID, DeletedBy: who.UserID, DeletedOn: now})
		return nil
	})
	if err != nil {
		return Thread{}, s.refusedThread(ctx, who, id, err)
	}
	s.ThreadDeleted(id)
	t.IsDeleted = true
	return t, nil
}

// DeleteResponse deletes an answer of the caller's with its question, and
// answers it as it was. It ends when it is still being made, as those of
// DeleteThread do, and is not among what later prompts have of the
// conversation.
func (s *Service) DeleteResponse(ctx context.Context, who actor.Actor, run int64) (Record, error) {
	r, err := s.Store.Run(ctx, who.UserID, run)
	if err != nil {
		return Record{}, s.refusedRun(ctx, who, run, err)
	}
	record, err := s.record(ctx, who, r)
	if err != nil {
		return Record{}, err
	}
	err = s.deleting(ctx, func(ctx context.Context, tx uow.Tx) error {
		// The thread first, as when a question is accepted: no question is
		// stored between the deletion and the histories.
		_, err := s.Store.UpdateThread(ctx, who.UserID, record.ThreadID, func(t *Thread) error {
			t.Deletions++
			if t.Title == titleFrom(record.Question) { // the next question gives it another
				t.Title, t.ModifiedBy, t.ModifiedOn = FreshTitle, who.Name(), s.Clock.Now()
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.Store.DeleteRun(ctx, who.UserID, run); err != nil {
			return err
		}
		tx.Publish(chat.ResponseDeleted{
			AgentResponseID: run, OrganizationID: record.OrganizationID, ThreadID: record.ThreadID, AgentID: record.AgentID,
			UserID: record.UserID, DeletedBy: who.UserID, DeletedOn: s.Clock.Now(),
		})
		return nil
	})
	if err != nil {
		return Record{}, err
	}
	s.ResponseDeleted(run)
	record.IsDeleted = true
	return record, nil
}

// forgot reports whether answers of a thread were deleted since it was read, so
// that its history has to be read again.
func (s *Service) forgot(ctx context.Context, t Thread) bool {
	if t.ID == 0 {
		return false
	}
	now, err := s.Store.Thread(ctx, t.UserID, t.ID)
	return err == nil && now.Deletions != t.Deletions
}

// remember reads again what a question that has waited for its turn has of the
// conversation: answers may have been deleted meanwhile.
func (x *execution) remember() error {
	contents, err := x.Store.Contents(x.ctx, []int64{x.run.ID})
	if err != nil {
		return fmt.Errorf("reading the history of run %d: %w", x.run.ID, err)
	}
	x.content.History = contents[x.run.ID].History
	return nil
}

// deleting runs a unit that changes several runs, which the journal of another
// process may be changing in another order. PostgreSQL then fails one of the
// two, so this one is tried once more.
func (s *Service) deleting(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	s.journal.committing.Lock()
	defer s.journal.committing.Unlock()
	err := s.Unit.Do(ctx, fn)
	if err != nil && apperr.KindOf(err) == apperr.Internal && ctx.Err() == nil {
		err = s.Unit.Do(ctx, fn)
	}
	return err
}

// ThreadDeleted ends the answers of this process into a deleted thread, and
// those whose question is not stored yet.
func (s *Service) ThreadDeleted(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.live {
		if x.thread.ID == id {
			x.cancel(ErrDeleted)
		}
	}
}

// ResponseDeleted ends a deleted answer, when this process makes it.
func (s *Service) ResponseDeleted(run int64) {
	if x := s.execution(run); x != nil {
		x.cancel(ErrDeleted)
	}
}

// Gone is the last event of a stream whose answer was deleted, for those who
// follow it.
func Gone(sequence int64) StreamEvent {
	return StreamEvent{Sequence: sequence, Step: StepError, Message: ErrDeleted.Message, Code: ErrDeleted.Code, Details: ErrDeleted.Message}
}

// erased ends a stream whose answer was deleted: what is not stored is dropped.
func (s *stream) erased() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inflight = []StreamEvent{Gone(int64(len(s.events)) + 1)}
	s.settle()
}
