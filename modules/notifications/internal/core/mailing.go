package core

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// mailKind is the job that sends one mail with notifications of a user.
const mailKind = "notifications.mail"

const (
	// mailPause is the least time between two mails at once to one user: what
	// comes in between is in the second one.
	mailPause = 10 * time.Minute
	// maxMailed is how many notifications one mail shows, and maxLooked how many
	// are looked through for it.
	maxMailed = 50
	maxLooked = 500
)

// MailWait is that a mail to a user waits to be sent, with what came to their
// inbox from a sequence number on.
type MailWait struct {
	UserID         int64
	OrganizationID int64
	Mode           Mail // MailAtOnce or MailDigest
	FromSequence   int64
	// MailedOn is when the last one was sent; nil for never.
	MailedOn *time.Time
}

// mailJob is the payload of a job: the mail that a MailWait is about.
type mailJob struct {
	UserID       int64  `json:"user_id"`
	Mode         Mail   `json:"mode"`
	FromSequence int64  `json:"from_sequence"`
	EventID      string `json:"event_id"` // of the first notification; names the mail
}

// Daily is a time of the day in a zone.
type Daily struct {
	Hour, Minute int
	Zone         *time.Location
}

// Next is the first such time after now.
func (d Daily) Next(now time.Time) time.Time {
	zone := cmp.Or(d.Zone, time.UTC)
	local := now.In(zone)
	for day := 0; ; day++ {
		if at := time.Date(local.Year(), local.Month(), local.Day()+day, d.Hour, d.Minute, 0, 0, zone); at.After(now) {
			return at.UTC()
		}
	}
}

// Arrival is a notification that came to an inbox, and the event that says so.
type Arrival struct {
	OrganizationID, UserID, Sequence int64
	Kind, EventID                    string
}

// MailArrivals has notifications sent by e-mail to users who want that. It
// joins the unit of ctx. Without a mail server nothing waits for one.
func (s *Service) MailArrivals(ctx context.Context, all ...Arrival) error {
	if !s.mails() {
		return nil
	}
	ids := make([]int64, len(all))
	for i, a := range all {
		ids[i] = a.UserID
	}
	chosen, err := s.Store.Preferences(ctx, ids)
	if err != nil {
		return err
	}
	type mailTo struct {
		user int64
		mode Mail
	}
	first := map[mailTo]Arrival{}
	for _, a := range all {
		to := mailTo{a.UserID, chosen[a.UserID].MailOf(a.Kind)}
		if known, there := first[to]; to.mode != MailOff && (!there || a.Sequence < known.Sequence) {
			first[to] = a
		}
	}
	waits := make([]MailWait, 0, len(first))
	for to, a := range first {
		waits = append(waits, MailWait{UserID: to.user, OrganizationID: a.OrganizationID, Mode: to.mode, FromSequence: a.Sequence})
	}
	fresh, err := s.Store.WaitForMail(ctx, waits)
	if err != nil {
		return err
	}
	jobs := make([]work.Job, len(fresh))
	for i, w := range fresh {
		if jobs[i], err = s.mailJob(w, first[mailTo{w.UserID, w.Mode}].EventID); err != nil {
			return err
		}
	}
	return s.Queue.Put(ctx, jobs...)
}

func (s *Service) mails() bool { return s.Sender != nil && s.Sender.On() }

func (s *Service) mailJob(w MailWait, eventID string) (work.Job, error) {
	payload, err := json.Marshal(mailJob{UserID: w.UserID, Mode: w.Mode, FromSequence: w.FromSequence, EventID: eventID})
	if err != nil {
		return work.Job{}, fmt.Errorf("writing down a mail: %w", err)
	}
	due := s.Clock.Now()
	switch {
	case w.Mode == MailDigest:
		due = s.DigestAt.Next(due)
	case w.MailedOn != nil && w.MailedOn.Add(mailPause).After(due):
		due = w.MailedOn.Add(mailPause)
	}
	return work.Job{Kind: mailKind, Tenant: w.OrganizationID, Payload: string(payload), DueAt: due}, nil
}

// Kinds are the durable work of the module.
func (s *Service) Kinds() []work.Kind {
	return []work.Kind{{Name: mailKind, Concurrency: 2, MaxAttempts: 28, Timeout: time.Minute, Work: s.sendMail, GiveUp: s.giveUpMail}}
}

// sendMail sends what a user wants to be told of in the mail of a job and has
// not read yet. The mail that is sent again after a failure may have more in
// it, and is still the same one.
func (s *Service) sendMail(ctx context.Context, c work.Claim) error {
	var j mailJob
	if err := json.Unmarshal([]byte(c.Job().Payload), &j); err != nil {
		return work.Permanent(fmt.Errorf("reading a mail: %w", err))
	}
	org := c.Job().Tenant
	through, err := s.Store.Counters(ctx, j.UserID)
	if err != nil {
		return err
	}
	to, ns, err := s.toMail(ctx, org, j.UserID, j.Mode, j.FromSequence-1)
	if err != nil {
		return err
	}
	// What came since the counters were read is the next mail's.
	ns = slices.DeleteFunc(ns, func(n Notification) bool { return n.Sequence > through.LastSequence })
	mailed := (*time.Time)(nil)
	if len(ns) > 0 {
		m := message(j, to, ns)
		if m.Unsubscribe, err = s.unsubscribeLink(org, j.UserID, ns); err != nil {
			return err
		}
		if err := s.Sender.Send(ctx, m); err != nil {
			return err
		}
		now := s.Clock.Now()
		mailed = &now
	}
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		// First of all, so that what comes from now on waits for the next mail.
		w, err := s.Store.EndMailWait(ctx, j.UserID, j.Mode, mailed)
		if err != nil {
			return err
		}
		if err := s.mailNext(ctx, w, org, j, through.LastSequence); err != nil {
			return err
		}
		return c.Finish(ctx)
	})
}

// toMail answers to whom the mail goes, and which notifications behind a
// sequence number are in it, oldest first: none for a user who is deleted or
// suspended, or has no address.
func (s *Service) toMail(ctx context.Context, org, userID int64, mode Mail, behind int64) (string, []Notification, error) {
	found, err := s.Users.Users(ctx, org, []int64{userID})
	if err != nil || !slices.ContainsFunc(found, func(u users.User) bool { return u.IsActive && u.Email != "" }) {
		return "", nil, err
	}
	chosen, err := s.Store.Preferences(ctx, []int64{userID})
	if err != nil {
		return "", nil, err
	}
	ns, _, err := s.Store.After(ctx, userID, behind, maxLooked)
	ns = slices.DeleteFunc(ns, func(n Notification) bool { return n.IsRead || chosen[userID].MailOf(n.Kind) != mode })
	return found[0].Email, ns, err
}

// mailNext has the next mail sent when something came while this one was: it
// found a mail that waits already.
func (s *Service) mailNext(ctx context.Context, w MailWait, org int64, j mailJob, through int64) error {
	_, ns, err := s.toMail(ctx, org, j.UserID, j.Mode, through)
	if err != nil || len(ns) == 0 {
		return err
	}
	w.UserID, w.OrganizationID, w.Mode, w.FromSequence = j.UserID, org, j.Mode, ns[0].Sequence
	if _, err := s.Store.WaitForMail(ctx, []MailWait{w}); err != nil {
		return err
	}
	event, _, _ := strings.Cut(j.EventID, ".")
	next, err := s.mailJob(w, fmt.Sprintf("%s.%d", event, ns[0].Sequence))
	if err != nil {
		return err
	}
	return s.Queue.Put(ctx, next)
}

// giveUpMail lets later notifications be sent although this mail was not.
func (s *Service) giveUpMail(ctx context.Context, c work.Claim, _ error) error {
	var j mailJob
	if err := json.Unmarshal([]byte(c.Job().Payload), &j); err != nil {
		return nil //nolint:nilerr // there is nothing to be done for what says nothing
	}
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := s.Store.EndMailWait(ctx, j.UserID, j.Mode, nil); err != nil {
			return err
		}
		return c.MarkDead(ctx)
	})
}

// message is the mail with notifications. One alone is told as it is, several
// as a list.
func message(j mailJob, to string, ns []Notification) mail.Message {
	m := mail.Message{
		ID: j.EventID, To: to,
		Reason: "You get this mail because of what you chose to be told by e-mail. PUT /api/notification/preference changes it.",
	}
	if len(ns) == 1 && j.Mode == MailAtOnce {
		n := ns[0]
		m.Subject, m.Paragraphs = n.Title, []string{from(n), n.Message}
		if n.Link != nil {
			m.Link = &mail.Link{Label: "Open", Path: *n.Link}
		}
		return m
	}
	m.Subject = fmt.Sprintf("%d notifications", len(ns))
	if len(ns) == 1 {
		m.Subject = "1 notification"
	}
	for _, n := range ns[:min(len(ns), maxMailed)] {
		part := mail.Section{Title: n.Title, Text: n.Message}
		if f := from(n); f != "" {
			part.Text = f + "\n" + n.Message
		}
		if n.Link != nil {
			part.Link = &mail.Link{Label: "Open", Path: *n.Link}
		}
		m.Sections = append(m.Sections, part)
	}
	if more := len(ns) - len(m.Sections); more > 0 {
		m.After = []string{fmt.Sprintf("%d more are in your inbox.", more)}
	}
	return m
}

// from says who wrote a notification that a person sent.
func from(n Notification) string {
	if n.SenderID == 0 {
		return ""
	}
	return n.CreatedBy + " writes:"
}
