package httpv1

import (
	"context"
	"strings"

	"parley/modules/agents/agentswire"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// sourceForm is what the parts of a new source are.
type sourceForm struct {
	ContentType string `json:"content_type,omitempty" enum:"file,text,weblink" doc:"That of the document when not given."`
	Source      []byte `json:"source" repeats:"true" doc:"The file, the text, or the URL."`
	Name        string `json:"name,omitempty" maxLength:"16384"`
	UploadFrom  string `json:"upload_from,omitempty" maxLength:"16384" doc:"Accepted and ignored."`
	UserID      string `json:"user_id,omitempty" maxLength:"100" doc:"Ignored."`
	Tags        string `json:"tags,omitempty" maxLength:"16384" doc:"Separated by commas."`
	Description string `json:"description,omitempty" maxLength:"16384"`
}

type changeDocumentRequest struct {
	DocumentID     int64 `path:"document_id"`
	AllowDuplicate bool  `query:"allow_duplicate" doc:"Although another document has the same name or content."`
	Body           struct {
		Name        *string   `json:"name,omitempty" minLength:"1" maxLength:"255"`
		Description *string   `json:"description,omitempty" maxLength:"16384"`
		Tags        *[]string `json:"tags,omitempty" maxItems:"50" maxLength:"200"`
	}
	Upload web.Multipart[sourceForm]
}

// changeDocument changes what is said about a document, or its source.
func (a *API) changeDocument(ctx context.Context, r changeDocumentRequest) (documentView, error) {
	n := core.DocumentChange{Name: r.Body.Name, Description: r.Body.Description, Tags: r.Body.Tags, AllowDuplicate: r.AllowDuplicate}
	if r.Upload.Sent() {
		return a.changeSource(ctx, r)
	}
	d, err := a.service.UpdateDocument(ctx, actor.From(ctx), r.DocumentID, n)
	return showDocument(d), err
}

func (a *API) changeSource(ctx context.Context, r changeDocumentRequest) (_ documentView, err error) {
	d, err := a.service.MayChange(ctx, actor.From(ctx), r.DocumentID)
	if err != nil {
		return documentView{}, err
	}
	u := upload{api: a}
	defer func() {
		if err != nil {
			u.discard(ctx)
		}
	}()
	form, sent, err := r.Upload.Form(func(p web.Part) error { return u.source(ctx, p) })
	if err != nil {
		return documentView{}, err
	}
	if form.ContentType == "" {
		form.ContentType = d.ContentType
	}
	who, err := web.CallerNow(ctx)
	if err != nil {
		return documentView{}, err
	}
	source, err := u.document(ctx, uploadForm(form))
	if err != nil {
		return documentView{}, err
	}
	n := core.DocumentChange{Source: &source, AllowDuplicate: r.AllowDuplicate}
	if sent["description"] {
		n.Description = &form.Description
	}
	if sent["tags"] {
		n.Tags = &source.Tags
	}
	if sent["name"] {
		n.Name = &form.Name
	}
	changed, err := a.service.UpdateDocument(ctx, who, r.DocumentID, n)
	if err != nil {
		return documentView{}, err
	}
	return showDocument(changed), nil
}

func (a *API) reindex(ctx context.Context, r documentRequest) (documentView, error) {
	d, err := a.service.Reindex(ctx, actor.From(ctx), r.DocumentID)
	return showDocument(d), err
}

func (a *API) deleteDocument(ctx context.Context, r documentRequest) (documentView, error) {
	d, err := a.service.DeleteDocument(ctx, actor.From(ctx), r.DocumentID)
	return showDocument(d), err
}

type deleteDocumentsRequest struct {
	CorpusID int64  `path:"corpus_id"`
	Confirm  string `query:"confirm" maxLength:"200" doc:"The name of the corpus, to delete all of its documents."`
	Body     struct {
		DocumentIDs []int64 `json:"document_ids,omitempty" minItems:"1" maxItems:"1000" doc:"To delete these alone."`
	} `required:"false"`
}

func (a *API) deleteDocuments(ctx context.Context, r deleteDocumentsRequest) ([]documentView, error) {
	some := len(r.Body.DocumentIDs) > 0
	if some == (r.Confirm != "") {
		return nil, web.ErrMalformed.WithMessage("Send the documents to delete in document_ids, or the name of the corpus in confirm to delete all of them.").
			WithField("document_ids", "or confirm must be sent, and not both")
	}
	var deleted []core.Document
	var err error
	if some {
		deleted, err = a.service.DeleteSome(ctx, actor.From(ctx), r.CorpusID, r.Body.DocumentIDs)
	} else {
		deleted, err = a.service.DeleteAll(ctx, actor.From(ctx), r.CorpusID, r.Confirm)
	}
	out := make([]documentView, len(deleted))
	for i, d := range deleted {
		out[i] = showDocument(d)
	}
	return out, err
}

func (a *API) deleteCorpus(ctx context.Context, r corpusRequest) (corpusView, error) {
	c, err := a.service.DeleteCorpus(ctx, actor.From(ctx), r.CorpusID)
	return showCorpus(c), err
}

type uploadToCheck struct {
	_ struct{} `schema:"DuplicateCandidate"`

	Name   string `json:"name" maxLength:"1000"`
	SHA256 string `json:"sha256" pattern:"^[0-9a-fA-F]{64}$"`
}

type duplicatesRequest struct {
	CorpusID int64 `path:"corpus_id"`
	Body     struct {
		Documents []web.TextOr[uploadToCheck] `json:"documents" minItems:"1" maxItems:"1000" doc:"Names, or names with the SHA-256 of the content."`
	}
}

type duplicatesView struct {
	_ struct{} `schema:"DuplicateFiles"`

	DuplicateFiles []duplicateView `json:"duplicate_files"`
}

type duplicateView struct {
	_ struct{} `schema:"DuplicateFile"`

	Name       string `json:"name"`
	DocumentID int64  `json:"document_id"`
	Match      string `json:"match" enum:"name,content"`
}

func (a *API) duplicates(ctx context.Context, r duplicatesRequest) (duplicatesView, error) {
	uploads := make([]core.Upload, len(r.Body.Documents))
	for i, d := range r.Body.Documents {
		if uploads[i].Name = d.Text; d.Object != nil {
			uploads[i] = core.Upload{Name: d.Object.Name, SHA256: strings.ToLower(d.Object.SHA256)}
		}
	}
	found, err := a.service.Duplicates(ctx, actor.From(ctx), r.CorpusID, uploads)
	out := duplicatesView{DuplicateFiles: make([]duplicateView, len(found))}
	for i, d := range found {
		out.DuplicateFiles[i] = duplicateView{Name: d.Name, DocumentID: d.Twin.DocumentID, Match: "name"}
		if d.Twin.ByContent {
			out.DuplicateFiles[i].Match = "content"
		}
	}
	return out, err
}

type connectionRequest struct {
	AgentID  int64 `path:"agent_id"`
	CorpusID int64 `path:"corpus_id"`
}

func (a *API) connection(ctx context.Context, r connectionRequest) (connectionView, error) {
	c, err := a.service.Connection(ctx, actor.From(ctx), r.AgentID, r.CorpusID)
	return showConnection(c), err
}

type reconnectRequest struct {
	AgentID  int64 `path:"agent_id"`
	CorpusID int64 `path:"corpus_id"`
	Body     struct {
		IsEnabled     *bool `json:"is_enabled,omitempty"`
		IsDefault     *bool `json:"is_default,omitempty"`
		SharesContent *bool `json:"shares_content,omitempty" doc:"Only admins of the corpus can set it to true."`
	}
}

func (a *API) reconnect(ctx context.Context, r reconnectRequest) (connectionView, error) {
	c, err := a.service.Reconnect(ctx, actor.From(ctx), r.AgentID, r.CorpusID, core.Connect(r.Body))
	return showConnection(c), err
}

func (a *API) disconnect(ctx context.Context, r connectionRequest) (connectionView, error) {
	c, err := a.service.Disconnect(ctx, actor.From(ctx), r.AgentID, r.CorpusID)
	return showConnection(c), err
}

type restoreVersionRequest struct {
	AgentID int64 `path:"agent_id"`
	Version int64 `path:"version"`
}

// restoreVersion is for admins of the agent alone, who see all of it.
func (a *API) restoreVersion(ctx context.Context, r restoreVersionRequest) (agentswire.Version, error) {
	v, err := a.service.RestoreVersion(ctx, actor.From(ctx), r.AgentID, r.Version)
	return agentswire.ShowVersion(v, true), err
}
