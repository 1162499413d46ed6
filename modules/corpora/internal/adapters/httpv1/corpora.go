package httpv1

import (
	"context"
	"strings"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/web"
)

type listRequest struct{ web.ListQuery }

func (a *API) list(ctx context.Context, r listRequest) (web.List[corpusView], error) {
	found, err := a.service.Corpora(ctx, actor.From(ctx), r.Request())
	return web.Listed(found, showCorpus), err
}

// settingsBody is what a new corpus may be given and an existing one may
// change. What is not sent gets its default, or stays.
type settingsBody struct {
	Description    *string   `json:"description,omitempty" maxLength:"4000"`
	IndexingModeID *int      `json:"indexing_mode_id,omitempty" minimum:"1" maximum:"3"`
	Tags           *[]string `json:"tags,omitempty" maxItems:"50" maxLength:"200"`
}

func (b settingsBody) settings() core.CorpusSettings { return core.CorpusSettings(b) }

type createRequest struct {
	Body struct {
		Name       string `json:"name" minLength:"1" maxLength:"200"`
		CorpusType string `json:"corpus_type,omitempty" maxLength:"100" doc:"Accepted and ignored."`
		IsPublic   bool   `json:"is_public,omitempty" doc:"Readable by the whole organization."`
		settingsBody
	}
}

func (a *API) create(ctx context.Context, r createRequest) (corpusView, error) {
	c, err := a.service.CreateCorpus(ctx, actor.From(ctx), core.NewCorpus{Name: r.Body.Name, IsPublic: r.Body.IsPublic, CorpusSettings: r.Body.settings()})
	return showCorpus(core.Counted{Corpus: c}), err
}

type corpusRequest struct {
	CorpusID int64 `path:"corpus_id"`
}

func (a *API) get(ctx context.Context, r corpusRequest) (corpusView, error) {
	c, err := a.service.Corpus(ctx, actor.From(ctx), r.CorpusID)
	return showCorpus(c), err
}

type updateRequest struct {
	CorpusID int64 `path:"corpus_id"`
	Body     struct {
		Name     *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		IsPublic *bool   `json:"is_public,omitempty" doc:"Readable by the whole organization. Only admins of the corpus can change it."`
		settingsBody
	}
}

func (a *API) update(ctx context.Context, r updateRequest) (corpusView, error) {
	c, err := a.service.UpdateCorpus(
		ctx,
		actor.From(ctx),
		r.CorpusID,
		core.CorpusChange{Name: r.Body.Name, IsPublic: r.Body.IsPublic, CorpusSettings: r.Body.settings()},
	)
	return showCorpus(c), err
}

type searchRequest struct {
	CorpusID int64 `path:"corpus_id"`
	Body     struct {
		Query string `json:"query" minLength:"1" maxLength:"8000"`
		Limit int    `json:"limit,omitempty" minimum:"1" maximum:"100" doc:"10 when not given."`
	}
}

type hitView struct {
	_ struct{} `schema:"SearchHit"`

	Number     int     `json:"number"`
	DocumentID int64   `json:"document_id"`
	ChunkID    int64   `json:"chunk_id"`
	Title      string  `json:"title"`
	Text       string  `json:"text"`
	Page       *int    `json:"page"`
	Score      float64 `json:"score" doc:"Comparable within one answer only."`
}

const defaultLimit = 10

func (a *API) search(ctx context.Context, r searchRequest) ([]hitView, error) {
	if strings.TrimSpace(r.Body.Query) == "" {
		return nil, web.ErrUnacceptable.WithMessage("Send what to search for in query; it is only spaces.").WithField("query", "is only spaces")
	}
	limit := r.Body.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	found, err := a.service.Search(ctx, actor.From(ctx), r.CorpusID, r.Body.Query, limit)
	return hits(found.Passages), err
}

func hits(passages []corpora.Passage) []hitView {
	out := make([]hitView, len(passages))
	for i, p := range passages {
		out[i] = hitView{Number: i + 1, DocumentID: p.DocumentID, ChunkID: p.ChunkID, Title: p.Title, Text: p.Text, Page: p.Page, Score: p.Score}
	}
	return out
}

type connectRequest struct {
	AgentID  int64 `path:"agent_id"`
	CorpusID int64 `path:"corpus_id"`
	Body     struct {
		IsEnabled     *bool `json:"is_enabled,omitempty" doc:"true when not given."`
		IsDefault     *bool `json:"is_default,omitempty"`
		SharesContent *bool `json:"shares_content,omitempty" doc:"Users who may run the agent get answers and quotes from the corpus. Only admins of the corpus can set it; for them the default is true."`
	} `required:"false"`
}

func (a *API) connect(ctx context.Context, r connectRequest) (connectionView, error) {
	c, err := a.service.Connect(ctx, actor.From(ctx), r.AgentID, r.CorpusID, core.Connect(r.Body))
	return showConnection(c), err
}

type connectionsRequest struct {
	web.ListQuery
	AgentID int64 `path:"agent_id"`
}

// connections answers a part of a list that is there as a whole: an agent has
// few corpora, and every question reads all of them.
func (a *API) connections(ctx context.Context, r connectionsRequest) (web.List[connectionView], error) {
	all, err := a.service.Connections(ctx, actor.From(ctx), r.AgentID)
	if err != nil {
		return web.List[connectionView]{}, err
	}
	part, err := page.Cut(all, r.Request(), false, func(c core.Connected) page.Key { return page.Key{ID: c.Connection.ID} })
	return web.Listed(part, showConnection), err
}
