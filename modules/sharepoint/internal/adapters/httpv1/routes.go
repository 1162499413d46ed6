// Package httpv1 is the SharePoint module's part of the V1 API.
package httpv1

import (
	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	item := web.ApplicationAdmin().And(web.On(actor.SharePointItem, "item_id", web.View))
	into := web.On(actor.SharePointItem, "parent_id", web.View).IfSent()
	corpus := web.On(actor.Corpus, "corpus_id", web.Edit).IfSent()
	return web.Group("SharePoint",
		web.GET("/api/sharepoint/item", "Get SharePoint items by full path", a.at,
			web.ApplicationAdmin(),
			web.Refuses(404),
			web.Message("SharePoint items retrieved successfully."),
		),
		web.GET("/api/sharepoint/item/{item_id}", "Get a SharePoint item by its ID", a.get,
			item,
			web.Message("SharePoint item retrieved successfully."),
		),
		web.POST("/api/sharepoint/item", "Create a new SharePoint item", a.create,
			web.ApplicationAdmin().And(corpus).And(into),
			web.Created(),
			web.Long(),
			web.Message("SharePoint item created successfully."),
		),
		web.PUT("/api/sharepoint/item/{item_id}", "Edit SharePoint item", a.update,
			item.And(corpus).And(into),
			web.Long(),
			web.Message("SharePoint item updated successfully."),
		),
		web.DELETE("/api/sharepoint/item/{item_id}", "Delete a SharePoint item", a.delete,
			item,
			web.Refuses(422),
			web.Message("SharePoint item deleted successfully."),
		),
	)
}
