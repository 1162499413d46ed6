package httpv1

import (
	"context"
	"strings"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// itemView is an item as the API shows it.
type itemView struct {
	_ struct{} `schema:"SharePointItem"`

	ID           int64     `json:"id"`
	Name         string    `json:"name"`
	FullPath     string    `json:"full_path"`
	ItemType     string    `json:"item_type" enum:"site,drive,folder,file"`
	Parent       *int64    `json:"parent"`
	ExternalID   string    `json:"external_id" doc:"The backend's own id, which no rename and no move changes."`
	ETag         string    `json:"etag"`
	Size         int64     `json:"size" doc:"In bytes; of the file as it is stored."`
	SHA256       *string   `json:"sha256" doc:"Of the file as it was last read for a corpus."`
	MimeType     *string   `json:"mime_type"`
	WebURL       string    `json:"web_url"`
	Corpus       *int64    `json:"corpus" doc:"The corpus that it is linked to, or that it is kept in."`
	Rights       *string   `json:"rights" enum:"item,corpus" doc:"Of a link: item keeps files out that fewer people may see, or whose rights are unknown; corpus leaves that to the corpus."`
	Document     *int64    `json:"document"`
	SyncState    string    `json:"sync_state" enum:"unlinked,pending,synced,failed"`
	LastError    *string   `json:"last_error" doc:"Why it is not in its corpus."`
	LastSyncedOn *web.Time `json:"last_synced_on"`
	web.Audit
}

func showItem(i core.Shown) itemView {
	v := itemView{
		ID: i.Item.ID, Name: i.Name, FullPath: i.FullPath, ItemType: string(i.Kind), Parent: i.ParentID, ExternalID: i.ExternalID, ETag: i.Etag, Size: i.Size,
		SHA256: some(i.SHA256), MimeType: some(i.MimeType), WebURL: i.WebURL, Corpus: i.InCorpusID, Rights: some(string(i.Rights)), SyncState: string(i.State),
		LastError: some(i.LastError), Audit: web.ShowAudit(i.Audit),
	}
	if i.DocumentID != 0 {
		v.Document = &i.DocumentID
	}
	if i.LastSyncedOn != nil {
		at := web.At(*i.LastSyncedOn)
		v.LastSyncedOn = &at
	}
	return v
}

// some is null for an empty text.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

type pathView struct {
	_ struct{} `schema:"SharePointItemWithChildren"`

	itemView
	Children []itemView `json:"children" doc:"What is in a site, drive or folder, by name."`
}

type atRequest struct {
	FullPath string `query:"full_path" required:"true" maxLength:"400" doc:"Such as /sites/hr/Documents/Leave; case does not count."`
}

func (a *API) at(ctx context.Context, r atRequest) (pathView, error) {
	i, in, err := a.service.ItemAt(ctx, actor.From(ctx), r.FullPath)
	if err != nil {
		return pathView{}, err
	}
	v := pathView{itemView: showItem(i), Children: make([]itemView, len(in))}
	for n, c := range in {
		v.Children[n] = showItem(c)
	}
	return v, nil
}

type itemRequest struct {
	ItemID int64 `path:"item_id"`
}

func (a *API) get(ctx context.Context, r itemRequest) (itemView, error) {
	i, err := a.service.ItemByID(ctx, actor.From(ctx), r.ItemID)
	return view(i, err)
}

func view(i core.Shown, err error) (itemView, error) {
	if err != nil {
		return itemView{}, err
	}
	return showItem(i), nil
}

func (a *API) delete(ctx context.Context, r itemRequest) (itemView, error) {
	i, err := a.service.DeleteItem(ctx, actor.From(ctx), r.ItemID)
	return view(i, err)
}

type createRequest struct {
	Body struct {
		FullPath string `json:"full_path,omitempty" maxLength:"400" doc:"Instead of parent_id and name. Folders that are missing above it are made."`
		ParentID int64  `json:"parent_id,omitempty" minimum:"1"`
		Name     string `json:"name,omitempty" maxLength:"255" doc:"Beside parent_id."`
		ItemType string `json:"item_type" enum:"folder,file,drive,site" doc:"A file is sent as multipart/form-data, with its content."`
		CorpusID *int64 `json:"corpus_id,omitempty" minimum:"1" nullable:"true" doc:"Keeps it, and all below it, in that corpus."`
		Rights   string `json:"rights,omitempty" enum:"item,corpus" doc:"Beside corpus_id: who decides who may find the files."`
	}
	Upload web.Multipart[createForm]
}

// createForm is what the parts of an upload are.
type createForm struct {
	_ struct{} `schema:"CreateSharePointItemForm"`

	FullPath string `json:"full_path,omitempty" maxLength:"400"`
	ParentID int64  `json:"parent_id,omitempty" minimum:"1"`
	Name     string `json:"name,omitempty" maxLength:"255"`
	ItemType string `json:"item_type" enum:"folder,file,drive,site"`
	CorpusID int64  `json:"corpus_id,omitempty" minimum:"1"`
	Rights   string `json:"rights,omitempty" enum:"item,corpus"`
	Content  []byte `json:"content" doc:"The file."`
}

func (a *API) create(ctx context.Context, r createRequest) (itemView, error) {
	n := core.NewItem{FullPath: r.Body.FullPath, ParentID: r.Body.ParentID, Name: r.Body.Name, Kind: core.Kind(r.Body.ItemType)}
	who := actor.From(ctx)
	if r.Upload.Sent() {
		content, form, err := receive(ctx, &r.Upload)
		defer content.close()
		if err != nil {
			return itemView{}, err
		}
		if who, err = web.CallerNow(ctx); err != nil {
			return itemView{}, err
		}
		n = core.NewItem{
			FullPath: strings.TrimSpace(form.FullPath), Name: strings.TrimSpace(form.Name), ParentID: form.ParentID,
			Kind: core.Kind(form.ItemType), Content: content.Content,
		}
		r.Body.CorpusID, r.Body.Rights = id(form.CorpusID), form.Rights
	}
	link, err := linkOf(r.Body.CorpusID, r.Body.Rights)
	if err != nil {
		return itemView{}, err
	}
	n.Link = link
	return view(a.service.CreateItem(ctx, who, n))
}

// linkOf is what corpus_id and rights say; nil when they say nothing.
func linkOf(corpusID *int64, rights string) (*core.Link, error) {
	if corpusID == nil {
		if rights != "" {
			return nil, web.ErrUnacceptable.WithMessage("Send rights together with corpus_id.").WithField("rights", "stands without corpus_id")
		}
		return nil, nil
	}
	return &core.Link{CorpusID: *corpusID, Rights: core.Rights(rights)}, nil
}

type updateRequest struct {
	ItemID int64 `path:"item_id"`
	Body   struct {
		Name     *string             `json:"name,omitempty" minLength:"1" maxLength:"255"`
		ParentID *int64              `json:"parent_id,omitempty" minimum:"1" doc:"A drive or folder of the same drive."`
		CorpusID web.Optional[int64] `json:"corpus_id,omitempty" minimum:"1" doc:"null unlinks it."`
		Rights   string              `json:"rights,omitempty" enum:"item,corpus" doc:"Beside corpus_id."`
	}
	Upload web.Multipart[updateForm]
}

// updateForm is what the parts of new content are.
type updateForm struct {
	_ struct{} `schema:"EditSharePointItemForm"`

	Name     string `json:"name,omitempty" maxLength:"255"`
	ParentID int64  `json:"parent_id,omitempty" minimum:"1"`
	CorpusID int64  `json:"corpus_id,omitempty" minimum:"1"`
	Rights   string `json:"rights,omitempty" enum:"item,corpus"`
	Content  []byte `json:"content" doc:"The new content of a file."`
}

func (a *API) update(ctx context.Context, r updateRequest) (itemView, error) {
	c := core.Change{Name: r.Body.Name, ParentID: r.Body.ParentID, Unlink: r.Body.CorpusID.Sent && r.Body.CorpusID.Value == nil}
	corpusID, who := r.Body.CorpusID.Value, actor.From(ctx)
	if r.Upload.Sent() {
		content, form, err := receive(ctx, &r.Upload)
		defer content.close()
		if err != nil {
			return itemView{}, err
		}
		if who, err = web.CallerNow(ctx); err != nil {
			return itemView{}, err
		}
		c = core.Change{Name: some(strings.TrimSpace(form.Name)), ParentID: id(form.ParentID), Content: content.Content}
		corpusID, r.Body.Rights = id(form.CorpusID), form.Rights
	}
	link, err := linkOf(corpusID, r.Body.Rights)
	if err != nil {
		return itemView{}, err
	}
	c.Link = link
	return view(a.service.UpdateItem(ctx, who, r.ItemID, c))
}
