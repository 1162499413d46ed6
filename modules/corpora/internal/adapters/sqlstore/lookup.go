package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/platform/sqldb"
)

// What documents are looked for by, in corpora_document_keys.
const (
	tagKey  = 1 // a tag
	nameKey = 2 // the rest of the name from one of its characters on
)

// keysOf are the keys of a document. A part of a name is the beginning of one
// of its rests, so an index finds it wherever it stands.
func keysOf(d core.Document) [][2]any {
	out := [][2]any{}
	tags := slices.Clone(d.Tags)
	slices.Sort(tags)
	for _, tag := range slices.Compact(tags) {
		out = append(out, [2]any{tagKey, tag})
	}
	name := foldedName(d.Name)
	for i := range name {
		out = append(out, [2]any{nameKey, name[i:]})
	}
	return out
}

// foldedName is a name, or a part of one, as it is looked for.
func foldedName(name string) string { return strings.ToLower(name) }

// addKeys makes a document one that its tags and name find.
func (s *Store) addKeys(ctx context.Context, d core.Document) error {
	keys, err := json.Marshal(keysOf(d))
	if err != nil {
		return fmt.Errorf("packing the keys of document %d: %w", d.ID, err)
	}
	unfold := "SELECT ?, value ->> 0, value ->> 1, ? FROM json_each(?)"
	if s.db.Postgres() {
		unfold = "SELECT ?, (value ->> 0)::int, value ->> 1, ? FROM json_array_elements(?::json)"
	}
	_, err = s.db.On(ctx).NewRaw("INSERT INTO corpora_document_keys (corpus_id, kind, key, document_id) "+unfold, d.CorpusID, d.ID, string(keys)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing the keys of document %d: %w", d.ID, err)
	}
	return nil
}

// removeKeys takes back what addKeys did for documents of one corpus, in one
// statement. Each key is named, since no index leads from a document to its
// keys.
func (s *Store) removeKeys(ctx context.Context, corpusID int64, documents ...core.Document) error {
	all := [][3]any{}
	for _, d := range documents {
		for _, k := range keysOf(d) {
			all = append(all, [3]any{k[0], k[1], d.ID})
		}
	}
	keys, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("packing keys of corpus %d: %w", corpusID, err)
	}
	unfold := "SELECT ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"
	if s.db.Postgres() {
		unfold = "SELECT ?::bigint, (value ->> 0)::int, value ->> 1, (value ->> 2)::bigint FROM json_array_elements(?::json)"
	}
	_, err = s.db.On(ctx).NewRaw("DELETE FROM corpora_document_keys WHERE (corpus_id, kind, key, document_id) IN ("+unfold+")", corpusID, string(keys)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("removing keys of corpus %d: %w", corpusID, err)
	}
	return nil
}

// tagged narrows documents to those with a tag.
func tagged(corpusID int64, tag string) sqldb.Where {
	return sqldb.Cond("id IN (SELECT document_id FROM corpora_document_keys WHERE corpus_id = ? AND kind = ? AND key = ?)", corpusID, tagKey, tag)
}

// firstTagged is tagged for the first documents after an id: the index has them
// in that order, so that those behind are not looked at.
func firstTagged(corpusID int64, tag string, after int64, limit int) sqldb.Where {
	return sqldb.Cond(
		"id IN (SELECT document_id FROM corpora_document_keys WHERE corpus_id = ? AND kind = ? AND key = ? AND document_id > ? ORDER BY document_id LIMIT ?)",
		corpusID,
		tagKey,
		tag,
		after,
		limit,
	)
}

// keysNamed are those of the documents with a part in their name, in any case.
// Both databases compare keys byte by byte, so they are one range of the index.
func (s *Store) keysNamed(corpusID int64, part string) *bun.SelectQuery {
	part = foldedName(part)
	return s.db.NewSelect().
		TableExpr("corpora_document_keys").
		Where("corpus_id = ? AND kind = ? AND key >= ? AND key < ?", corpusID, nameKey, part, part+"\U0010ffff")
}

// fewNames is up to how many keys with a part are all read, and sorted by
// document. Where there are more, documents are gone through by id: a part of
// the list is then found among the first ones.
const fewNames = 300

// named narrows documents to those with a part in their name.
func (s *Store) named(ctx context.Context, corpusID int64, part string) (sqldb.Where, error) {
	var n int
	found := s.keysNamed(corpusID, part).ColumnExpr("1").Limit(fewNames + 1)
	if err := s.db.On(ctx).NewSelect().TableExpr("(?) AS found", found).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return nil, fmt.Errorf("looking for names: %w", err)
	}
	all, at := s.keysNamed(corpusID, part).Column("document_id"), bun.Safe("instr")
	if n <= fewNames {
		return sqldb.Cond("id IN (?)", all), nil
	}
	if s.db.Postgres() {
		at = "strpos"
	}
	// What a process of the version before adds beside this one has keys alone.
	return sqldb.Cond("(?(name_key, ?) > 0 OR name_key = '' AND id IN (?))", at, foldedName(part), all), nil
}

// countNamed counts the documents with a part in their name by the index alone.
func (s *Store) countNamed(ctx context.Context, corpusID int64, part string) (n int64, err error) {
	if err := s.db.On(ctx).
		NewSelect().
		TableExpr("(?) AS found", s.keysNamed(corpusID, part).ColumnExpr("DISTINCT document_id")).
		ColumnExpr("count(*)").
		Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("counting names: %w", err)
	}
	return n, nil
}
