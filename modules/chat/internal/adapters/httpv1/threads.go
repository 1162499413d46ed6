package httpv1

import (
	"context"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/web"
)

type responseRequest struct {
	ID int64 `path:"agent_response_id"`
}

func (a *API) response(ctx context.Context, r responseRequest) (recordView, error) {
	record, err := a.service.Record(ctx, actor.From(ctx), r.ID)
	return showRecord(record), err
}

func (a *API) cancel(ctx context.Context, r responseRequest) (recordView, error) {
	who := actor.From(ctx)
	if _, err := a.service.Cancel(ctx, who, r.ID); err != nil {
		return recordView{}, err
	}
	return a.response(ctx, r)
}

func (a *API) thoughts(ctx context.Context, r responseRequest) ([]thoughtView, error) {
	thoughts, err := a.service.Thoughts(ctx, actor.From(ctx), r.ID)
	return each(thoughts, showThought), err
}

func (a *API) support(ctx context.Context, r responseRequest) ([]supportView, error) {
	support, err := a.service.Support(ctx, actor.From(ctx), r.ID)
	return each(support, showSupport), err
}

type createThreadRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Title string `json:"title,omitempty" maxLength:"200"`
	}
}

func (a *API) createThread(ctx context.Context, r createThreadRequest) (threadView, error) {
	t, err := a.service.CreateThread(ctx, actor.From(ctx), r.AgentID, r.Body.Title)
	return showThread(t), err
}

type threadsRequest struct {
	web.ListQuery
	AgentID        int64  `path:"agent_id"`
	QuerySource    string `query:"query_source" maxLength:"50" doc:"Threads without a source match every one."`
	ContentGrantID int64  `query:"content_grant_id" minimum:"1" doc:"A live content grant of one's own: the threads that it opens, in place of one's own."`
}

func (a *API) threads(ctx context.Context, r threadsRequest) (web.List[threadView], error) {
	var found page.Of[core.Thread]
	var err error
	if r.ContentGrantID != 0 {
		found, err = a.service.GrantedThreads(ctx, actor.From(ctx), r.AgentID, r.ContentGrantID, r.QuerySource, r.Request())
	} else {
		found, err = a.service.Threads(ctx, actor.From(ctx), r.AgentID, r.QuerySource, r.Request())
	}
	return web.Listed(found, showThread), err
}

type threadRequest struct {
	web.ListQuery
	ID int64 `path:"chat_thread_id"`
}

func (a *API) thread(ctx context.Context, r threadRequest) (web.WithMeta[threadWithRuns, web.Meta], error) {
	t, runs, err := a.service.Thread(ctx, actor.From(ctx), r.ID, r.Request())
	if err != nil {
		return web.WithMeta[threadWithRuns, web.Meta]{}, err
	}
	list := web.Listed(runs, showRecord)
	return web.WithMeta[threadWithRuns, web.Meta]{Data: threadWithRuns{threadView: showThread(t), AgentResponses: list.Items}, Meta: &list.Meta}, nil
}

type attachRequest struct {
	ThreadID int64 `path:"chat_thread_id"`
	CorpusID int64 `path:"corpus_id"`
}

func (a *API) attach(ctx context.Context, r attachRequest) (threadView, error) {
	t, err := a.service.Attach(ctx, actor.From(ctx), r.ThreadID, r.CorpusID)
	return showThread(t), err
}

func each[A, B any](list []A, show func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = show(v)
	}
	return out
}
