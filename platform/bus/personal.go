package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// blankBatch is how many keys, or rows, one statement concerns.
const blankBatch = 500

// ofThreads are keys of events that name nobody, and are most of all events: the
// index of keys in the outbox leaves them out, and its statement has to say so.
const ofThreads = "thread/"

// personalFields are what may name a person in an event.
var personalFields = []string{"email", "first_name", "last_name", "full_name"}

// BlankPersonal replaces the text in the named JSON fields, at any depth, by
// "" in every kept event with one of the aggregate keys; no fields means
// email, first_name, last_name and full_name. It runs in the unit of ctx and
// refuses to run without one, so that nobody is deleted with their name left
// behind, and with keys of threads, whose events have no such fields.
func (o *Outbox) BlankPersonal(ctx context.Context, keys []string, fields []string) error {
	if !o.db.InTx(ctx) {
		return errors.New("blanking personal data outside a unit of work")
	}
	if slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, ofThreads) }) {
		return errors.New("events of threads are not found by their key")
	}
	if len(fields) == 0 {
		fields = personalFields
	}
	blank := make(map[string]bool, len(fields))
	for _, f := range fields {
		blank[f] = true
	}
	tx := o.db.On(ctx)
	for len(keys) > 0 {
		n := min(len(keys), blankBatch)
		// The outbox first: a failing delivery copies its payload from there,
		// under a lock that waits for this transaction.
		if err := blankIn(ctx, tx, "bus_outbox", "seq", keys[:n], blank); err != nil {
			return err
		}
		if err := blankIn(ctx, tx, "bus_deliveries", "id", keys[:n], blank); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

type payloadRow struct {
	RowID   int64  `bun:"row_id"`
	Payload string `bun:"payload"`
}

// blankIn reads in pages of rowid, because one key may have many events.
func blankIn(ctx context.Context, tx bun.IDB, table, rowID string, keys []string, blank map[string]bool) error {
	after := int64(0)
	for {
		var rows []payloadRow
		if err := withKeys(tx, table, rowID, keys, after).Scan(ctx, &rows); err != nil {
			return fmt.Errorf("finding personal data in %s: %w", table, err)
		}
		var changed []any // row id and payload of each
		for _, r := range rows {
			after = r.RowID
			payload, is, err := blankPayload(r.Payload, blank)
			if err != nil {
				return fmt.Errorf("blanking row %d of %s: %w", r.RowID, table, err)
			}
			if is {
				changed = append(changed, r.RowID, payload)
			}
		}
		if n := len(changed) / 2; n > 0 { // both databases call the columns of VALUES so
			update := "UPDATE ? AS t SET payload = v.column2 FROM (VALUES (?, ?)" + strings.Repeat(", (?, ?)", n-1) + ") AS v WHERE t.? = v.column1"
			if _, err := tx.NewRaw(update, append(append([]any{bun.Ident(table)}, changed...), bun.Ident(rowID))...).Exec(ctx); err != nil {
				return fmt.Errorf("blanking personal data in %s: %w", table, err)
			}
		}
		if len(rows) < blankBatch {
			return nil
		}
	}
}

// withKeys selects events by their keys, behind a row.
func withKeys(tx bun.IDB, table, rowID string, keys []string, after int64) *bun.SelectQuery {
	return tx.NewSelect().TableExpr(table).ColumnExpr("? AS row_id, payload", bun.Ident(rowID)).
		Where("key IN (?) AND key NOT LIKE ?", bun.List(keys), ofThreads+"%").Where("? > ?", bun.Ident(rowID), after).
		OrderExpr("row_id").Limit(blankBatch)
}

func blankPayload(payload string, blank map[string]bool) (string, bool, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(payload)))
	d.UseNumber() // a 64-bit id must come out as it went in
	var v any
	if err := d.Decode(&v); err != nil {
		return "", false, err
	}
	if !blankValue(v, blank) {
		return payload, false, nil
	}
	out, err := json.Marshal(v)
	return string(out), true, err
}

func blankValue(v any, blank map[string]bool) (changed bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if text, ok := inner.(string); ok && blank[name] && text != "" {
				v[name] = ""
				changed = true
			} else if blankValue(inner, blank) {
				changed = true
			}
		}
	case []any:
		for _, inner := range v {
			if blankValue(inner, blank) {
				changed = true
			}
		}
	}
	return changed
}
