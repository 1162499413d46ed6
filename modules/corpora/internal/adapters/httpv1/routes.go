// Package httpv1 is the corpora module's part of the V1 API.
package httpv1

import (
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	on := func(action web.Action) web.Policy { return web.On(actor.Corpus, "corpus_id", action) }
	return append(append(
		web.Group("Corpus",
			web.GET("/api/corpus", "Get All Corpus", a.list,
				web.User().Lists(actor.Corpus),
				web.Message("Corpora retrieved successfully."),
			),
			web.POST("/api/corpus", "Create Corpus", a.create,
				web.User(),
				web.Created(),
				web.Message("Corpus created successfully."),
			),
			web.GET("/api/corpus/{corpus_id}", "Get Corpus by ID", a.get,
				on(web.View),
				web.Message("Corpus retrieved successfully."),
			),
			web.PUT("/api/corpus/{corpus_id}", "Edit Corpus", a.update,
				on(web.Edit).
					And(on(web.Manage).When("is_public", true)).
					And(on(web.Manage).When("is_public", false)),
				web.Message("Corpus updated successfully."),
			),
			web.DELETE("/api/corpus/{corpus_id}", "Delete Corpus", a.deleteCorpus,
				on(web.Delete),
				web.Message("Corpus deleted successfully."),
			),
			web.GET("/api/corpus/{corpus_id}/permission", "Get Corpus Permissions", a.permissions,
				on(web.Manage),
				web.Message("Corpus permissions retrieved successfully."),
			),
			web.POST("/api/corpus/{corpus_id}/permission", "Create Corpus Permissions", a.grant,
				on(web.View).
					And(web.On(actor.Account, "user_ids", web.View)).
					And(web.On(actor.Team, "team_ids", web.View).IfSent()).
					And(on(web.Manage)),
				web.Created(),
				web.Message("Corpus permissions created successfully."),
			),
			web.DELETE("/api/corpus/{corpus_id}/permission", "Delete Corpus Permissions", a.revoke,
				on(web.Manage),
				web.Message("Corpus permissions deleted successfully."),
			),
			web.GET("/api/corpus/{corpus_id}/permission/user/{user_id}", "Get Corpus Permission By User", a.decision,
				on(web.Manage).ForSelf("user_id", web.View).And(web.On(actor.Account, "user_id", web.View)),
				web.Message("Corpus permission retrieved successfully."),
			),
			web.POST("/api/corpus/{corpus_id}/document", "Create Document In Corpus", a.upload,
				on(web.Edit),
				web.Created(),
				web.Long(),
				web.Message("Document has been queued for indexing"),
			),
			web.GET("/api/corpus/{corpus_id}/document", "Get All Documents From Corpus", a.documents,
				on(web.View),
				web.Message("Documents retrieved successfully."),
			),
			web.DELETE("/api/corpus/{corpus_id}/document", "Delete All Documents", a.deleteDocuments,
				on(web.Edit).Note("documents of that corpus alone"),
				web.Long(),
				web.Message("Documents deleted successfully."),
			),
			web.POST("/api/corpus/{corpus_id}/document/duplicate", "Check Duplicate Documents", a.duplicates,
				on(web.View),
				web.Safe(),
				web.Message("Duplicate documents checked successfully."),
			),
			web.POST("/api/corpus/{corpus_id}/search", "Search Corpus", a.search,
				on(web.View),
				web.Safe(),
				web.Message("Search completed successfully."),
			),
		),
		web.Group("Document",
			web.GET("/api/document/{document_id}", "Get Document By ID", a.document,
				web.On(actor.Document, "document_id", web.View),
				web.Message("Document retrieved successfully."),
			),
			web.PUT("/api/document/{document_id}", "Edit Document By ID", a.changeDocument,
				web.On(actor.Document, "document_id", web.Edit),
				web.Long(),
				web.Message("Document updated successfully."),
			),
			web.DELETE("/api/document/{document_id}", "Delete Document By ID", a.deleteDocument,
				web.On(actor.Document, "document_id", web.Edit),
				web.Message("Document deleted successfully."),
			),
			web.POST("/api/document/{document_id}/reindex", "Reindex Document", a.reindex,
				web.On(actor.Document, "document_id", web.Edit),
				web.Message("Document has been queued for indexing"),
			),
			web.GET("/api/document/{document_id}/content", "Get Document Content", a.content,
				web.On(actor.Document, "document_id", web.View),
				web.Long(),
				web.Sends("application/pdf", "text/markdown", "text/plain", "text/html", "text/csv", "application/json", "message/rfc822",
					"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
					"application/vnd.openxmlformats-officedocument.presentationml.presentation",
					"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
			),
		)...),
		web.Group("Agent",
			web.POST("/api/agent/{agent_id}/corpus/{corpus_id}", "Connect Corpus to Agent", a.connect,
				web.On(actor.Agent, "agent_id", web.View).
					And(on(web.View)).
					And(web.On(actor.Agent, "agent_id", web.Edit)).
					And(on(web.Manage).When("shares_content", true)),
				web.Created(),
				web.Message("Corpus connected successfully."),
			),
			web.GET("/api/agent/{agent_id}/corpus/{corpus_id}", "Get Corpus of Agent", a.connection,
				web.On(actor.Agent, "agent_id", web.View).And(on(web.View)),
				web.Message("Connection retrieved successfully."),
			),
			web.PUT("/api/agent/{agent_id}/corpus/{corpus_id}", "Edit Corpus of Agent", a.reconnect,
				web.On(actor.Agent, "agent_id", web.View).
					And(on(web.View)).
					And(web.On(actor.Agent, "agent_id", web.Edit)).
					OrOn(on(web.Manage).When("shares_content", false)).
					And(on(web.Manage).When("shares_content", true)).
					Note("admins of the corpus may end the sharing, and change nothing else"),
				web.Message("Connection updated successfully."),
			),
			web.DELETE("/api/agent/{agent_id}/corpus/{corpus_id}", "Disconnect Corpus from Agent", a.disconnect,
				web.On(actor.Agent, "agent_id", web.View).
					And(on(web.View)).
					And(web.On(actor.Agent, "agent_id", web.Edit)).
					OrOn(on(web.Manage)).
					Note("admins of the agent also when they can't view the corpus any more"),
				web.Message("Corpus disconnected successfully."),
			),
			web.POST("/api/agent/{agent_id}/version/{version}/restore", "Restore Agent Version", a.restoreVersion,
				web.On(actor.Agent, "agent_id", web.Edit).Note("connections as far as the caller could make them"),
				web.Message("Agent version restored successfully."),
			),
			web.GET("/api/agent/{agent_id}/corpus", "Get Corpora of Agent", a.connections,
				web.On(actor.Agent, "agent_id", web.View).
					Note("those that one may view, and all of them for the agent's admins"),
				web.Message("Connections retrieved successfully."),
			),
		)...,
	)
}

// corpusView is a corpus as the API shows it.
type corpusView struct {
	ID            int64    `json:"id"`
	IndexingMode  modeView `json:"indexing_mode"`
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	IsPublic      bool     `json:"is_public"`
	IsDeleted     bool     `json:"is_deleted"`
	Owner         int64    `json:"owner"`
	Org           int64    `json:"org"`
	Tags          []string `json:"tags"`
	DocumentCount int64    `json:"document_count"`
	web.Audit
}

type modeView struct {
	_ struct{} `schema:"IndexingMode"`

	ID   int    `json:"id"`
	Mode string `json:"mode"`
}

func showCorpus(c core.Counted) corpusView {
	return corpusView{
		ID: c.ID, IndexingMode: modeView{ID: c.IndexingModeID, Mode: core.Modes[c.IndexingModeID]}, Name: c.Name, Description: c.Description,
		IsPublic: c.IsPublic, IsDeleted: c.IsDeleted, Owner: c.OwnerID, Org: c.OrganizationID, Tags: c.Tags, DocumentCount: c.Documents,
		Audit: web.ShowAudit(c.Audit),
	}
}

// documentView is a document as the API shows it.
type documentView struct {
	ID            int64    `json:"id"`
	Corpus        int64    `json:"corpus"`
	Name          string   `json:"name"`
	Source        string   `json:"source"`
	ContentType   string   `json:"content_type" enum:"file,text,weblink"`
	MimeType      string   `json:"mime_type"`
	Size          int64    `json:"size" doc:"In bytes."`
	SHA256        string   `json:"sha256"`
	Tags          []string `json:"tags"`
	Description   string   `json:"description"`
	AccessURL     string   `json:"access_url" doc:"Path of the original bytes."`
	UploadFrom    string   `json:"upload_from"`
	Step          string   `json:"step" enum:"pending,extracting,indexing,completed,failed" doc:"completed means that the very next question can find it."`
	IsFailed      bool     `json:"is_failed"`
	FailureReason *string  `json:"failure_reason"`
	Warnings      []string `json:"warnings" doc:"What could not be read of a completed document, in sentences."`
	ChunkCount    int      `json:"chunk_count"`
	PageCount     *int     `json:"page_count"`
	User          int64    `json:"user"`
	web.Audit
}

func showDocument(d core.Document) documentView {
	warnings := d.Warnings
	if warnings == nil {
		warnings = []string{}
	}
	return documentView{
		ID: d.ID, Corpus: d.CorpusID, Name: d.Name, Source: d.Source, ContentType: d.ContentType, MimeType: d.MimeType, Size: d.Size, SHA256: d.SHA256,
		Tags: d.Tags, Description: d.Description, AccessURL: core.DocumentURL(d.ID), UploadFrom: d.UploadFrom, Step: string(d.Step),
		IsFailed: d.Step == core.Failed, FailureReason: d.FailureReason, Warnings: warnings, ChunkCount: d.ChunkCount, PageCount: d.PageCount, User: d.UserID,
		Audit: web.ShowAudit(d.Audit),
	}
}

// connectionView is how an agent uses a corpus.
type connectionView struct {
	_ struct{} `schema:"CorpusConnection"`

	ID            int64      `json:"id"`
	Agent         int64      `json:"agent"`
	Corpus        corpusView `json:"corpus"`
	IsEnabled     bool       `json:"is_enabled"`
	IsDefault     bool       `json:"is_default"`
	SharesContent bool       `json:"shares_content"`
	ConnectedBy   string     `json:"connected_by"`
	web.Audit
}

func showConnection(c core.Connected) connectionView {
	return connectionView{
		ID:            c.Connection.ID,
		Agent:         c.AgentID,
		Corpus:        showCorpus(core.Counted{Corpus: c.Corpus, Documents: c.Documents}),
		IsEnabled:     c.IsEnabled,
		IsDefault:     c.IsDefault,
		SharesContent: c.SharesContent,
		ConnectedBy:   c.ConnectedBy,
		Audit:         web.ShowAudit(c.Connection.Audit),
	}
}
