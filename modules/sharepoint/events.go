package sharepoint

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes; a test holds the list complete.
func Events() []event.Event {
	return []event.Event{
		ItemCreated{}, ItemUpdated{}, ItemDeleted{},
	}
}

// ItemCreated tells that somebody created an item through this server.
type ItemCreated struct {
	ItemID         int64 `json:"item_id"`
	OrganizationID int64 `json:"organization_id"`
	CorpusID       int64 `json:"corpus_id"` // that it was linked to; 0 when to none
	CreatedBy      int64 `json:"created_by"`
}

// EventName implements event.Event.
func (ItemCreated) EventName() string { return "sharepoint.item_created.v1" }

// AggregateKey implements event.Event.
func (e ItemCreated) AggregateKey() string { return itemKey(e.ItemID) }

// ItemUpdated tells that somebody renamed, moved, linked or replaced an item
// through this server.
type ItemUpdated struct {
	ItemID         int64 `json:"item_id"`
	OrganizationID int64 `json:"organization_id"`
	CorpusID       int64 `json:"corpus_id"` // that it is linked to; 0 when to none
	UpdatedBy      int64 `json:"updated_by"`
}

// EventName implements event.Event.
func (ItemUpdated) EventName() string { return "sharepoint.item_updated.v1" }

// AggregateKey implements event.Event.
func (e ItemUpdated) AggregateKey() string { return itemKey(e.ItemID) }

// ItemDeleted tells that somebody deleted an item, with all below it, through
// this server.
type ItemDeleted struct {
	ItemID         int64 `json:"item_id"`
	OrganizationID int64 `json:"organization_id"`
	DeletedBy      int64 `json:"deleted_by"`
}

// EventName implements event.Event.
func (ItemDeleted) EventName() string { return "sharepoint.item_deleted.v1" }

// AggregateKey implements event.Event.
func (e ItemDeleted) AggregateKey() string { return itemKey(e.ItemID) }

func itemKey(id int64) string { return fmt.Sprintf("sharepoint_item/%d", id) }
