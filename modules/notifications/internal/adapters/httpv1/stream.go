package httpv1

import (
	"context"

	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type streamRequest struct {
	StartingAfter *int64 `query:"starting_after" minimum:"0" doc:"The sequence_number of the last event that was seen, or of a list; from now on when not given."`
	LastEventID   string `header:"Last-Event-ID" maxLength:"20" doc:"The same, for clients that send it; starting_after counts when both are there."`
}

// after is where the stream starts; nil for now.
func (r streamRequest) after() (*int64, error) {
	if r.StartingAfter != nil || r.LastEventID == "" {
		return r.StartingAfter, nil
	}
	n, err := web.Integer(r.LastEventID)
	if err != nil || n < 0 {
		return nil, web.ErrUnacceptable.WithField("Last-Event-ID", "is no sequence number")
	}
	return &n, nil
}

// eventView is one event of the stream, in the form of contract section 4.
type eventView struct {
	_ struct{} `schema:"NotificationEvent"`

	SequenceNumber int64             `json:"sequence_number" doc:"Number of the notification among those of the user, from 1 and without gaps; of start, that of the last one there was."`
	Step           string            `json:"step" doc:"start is the first event, each other a notification."`
	Message        string            `json:"message" doc:"Title of the notification; empty in start."`
	Notification   *notificationView `json:"notification,omitempty" doc:"The notification; not in start."`
	Unread         int64             `json:"unread" doc:"How many notifications the user has not read."`
	Output         any               `json:"output" doc:"Always null: the stream has no last event of its own."`
}

func (a *API) stream(ctx context.Context, r streamRequest) (web.EventStream, error) {
	after, err := r.after()
	if err != nil {
		return web.EventStream{}, err
	}
	stream, err := a.service.Follow(ctx, actor.From(ctx), after)
	if err != nil {
		return web.EventStream{}, err
	}
	context.AfterFunc(ctx, stream.Close) // the context of a request ends with it
	return web.EventStream{Next: func(ctx context.Context) ([]byte, error) {
		told, err := stream.Next(ctx)
		if err != nil {
			return nil, err
		}
		v := eventView{SequenceNumber: told.Sequence, Step: "start", Unread: told.Unread}
		if told.Notification != nil {
			n := show(*told.Notification)
			v.Step, v.Message, v.Notification = "notification", n.Title, &n
		}
		return web.ASCII(v)
	}}, nil
}
