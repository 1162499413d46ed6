package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/driver/pgdriver"

	"parley/platform/kernel/clock"
)

// pgvector is the extension of PostgreSQL as this database has it.
type pgvector struct {
	schema   string // where its types are
	kind     string // of the column
	most     int    // dimensions that an index takes
	iterates bool   // a search goes on until enough rows pass its conditions, since 0.8
}

// vectorIndex is what a store knows of the index of vectors. In the database it
// is a table of its own, corpora_directions, which is made from corpora_vectors
// and is in no backup: nothing that has to be kept hangs on the extension.
type vectorIndex struct {
	on atomic.Pointer[pgvector] // nil: vectors are compared exactly
	// When questions and jobs looked for a lost one, in ns since 1970; 0 while
	// none was lost.
	asked, kept atomic.Int64
	from        int     // passages that a question looks at, from which the index is asked
	part        float64 // see indexPart
	log         *slog.Logger
	clock       clock.Clock
	made        sync.Map // names of indexes that are there
}

const (
	// indexFrom is from how many passages on the index is faster than comparing
	// all vectors, which memory has.
	indexFrom = 5_000
	// indexPart has the index asked when n passages of all N are looked at, and
	// n² is this many times N: to find a hundred of them it goes through 100·N/n
	// vectors, each of which takes as long as comparing ten in memory.
	indexPart = 1000
	// indexBreadth is how many vectors a search keeps in view (hnsw.ef_search),
	// and without iteration, of which too many may not pass the conditions.
	indexBreadth, indexBreadthOnce = 200, 800
	// indexAtOnce is how many vectors one transaction puts into the index.
	indexAtOnce = 200
	// lookAgain is how often a process looks for an extension that it has lost.
	lookAgain = time.Minute
	// indexLock keeps processes that start together from making it at once.
	indexLock = 0x636f72766563
)

// errNoPgvector says why vectors are compared exactly.
var errNoPgvector = errors.New("PostgreSQL has no extension vector")

// UseVectorIndex makes questions of this process find vectors by pgvector,
// when the database has the extension or may create it. An error says why
// vectors are compared exactly instead, as they are until this is called.
func (s *Store) UseVectorIndex(ctx context.Context, log *slog.Logger) error {
	if !s.db.Postgres() {
		return errNoPgvector
	}
	s.vectors.log = log
	version, schema, err := s.extension(ctx)
	if err != nil {
		return err
	}
	found := pgvectorOf(version, schema)
	if found.kind, err = s.directions(ctx, found); err != nil {
		return err
	}
	s.vectors.on.Store(&found)
	return nil
}

// pgvector answers what the index is used by, and nil when vectors are compared
// exactly. Of one that was lost it looks now and then whether it is back, for
// which last is when; makes lets it make the table, but not the extension, which
// somebody has dropped.
func (s *Store) pgvector(ctx context.Context, last *atomic.Int64, makes bool) *pgvector {
	if v := s.vectors.on.Load(); v != nil {
		return v
	}
	at, now := last.Load(), s.vectors.clock.Now().UnixNano()
	if at == 0 || now-at < int64(lookAgain) || s.db.InTx(ctx) || !last.CompareAndSwap(at, now) {
		return nil
	}
	version, schema, err := s.installed(ctx)
	found := pgvectorOf(version, schema)
	switch {
	case err != nil:
	case makes:
		found.kind, err = s.directions(ctx, found)
	default:
		found.kind, err = s.column(ctx)
	}
	if err != nil {
		s.vectors.log.DebugContext(ctx, "vectors are still compared exactly", "reason", err)
		return nil
	}
	s.vectors.made.Clear() // the table may be another one
	if s.vectors.on.CompareAndSwap(nil, &found) {
		s.vectors.log.InfoContext(ctx, "vectors are found by pgvector again")
	}
	return s.vectors.on.Load()
}

// pgvectorOf is what a version can do. Before 0.7 a coordinate takes four
// bytes.
func pgvectorOf(version, schema string) pgvector {
	var major, minor int
	_, _ = fmt.Sscanf(version, "%d.%d", &major, &minor) // 0.0 can do least
	v := pgvector{schema: schema, kind: "vector", most: 2_000, iterates: major > 0 || minor >= 8}
	if major > 0 || minor >= 7 {
		v.kind, v.most = "halfvec", 4_000
	}
	return v
}

// typeOf is a type of the extension, wherever it is.
func (v pgvector) typeOf(dimensions int) bun.Safe {
	name := quoted(v.schema) + "." + v.kind
	if dimensions > 0 {
		name += "(" + strconv.Itoa(dimensions) + ")"
	}
	return bun.Safe(name)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// installed answers the version and the schema of the extension; sql.ErrNoRows.
func (s *Store) installed(ctx context.Context) (version, schema string, err error) {
	err = s.db.On(ctx).NewRaw("SELECT e.extversion, n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'").
		Scan(ctx, &version, &schema)
	return version, schema, err
}

// extension is installed, and creates it if need be.
func (s *Store) extension(ctx context.Context) (version, schema string, err error) {
	if version, schema, err = s.installed(ctx); !errors.Is(err, sql.ErrNoRows) {
		return version, schema, err
	}
	available := false
	if err = s.db.On(ctx).NewRaw("SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector')").Scan(ctx, &available); err != nil {
		return "", "", fmt.Errorf("looking for extensions: %w", err)
	}
	if !available {
		return "", "", errNoPgvector
	}
	err = s.making(ctx, func(ctx context.Context, tx bun.IDB) error {
		_, err := tx.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS vector")
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("creating the extension vector: %w", err)
	}
	return s.installed(ctx)
}

// column answers the type of the vectors in the table; sql.ErrNoRows when there
// is no table, or no column in it.
func (s *Store) column(ctx context.Context) (kind string, err error) {
	err = s.db.On(ctx).NewRaw(`SELECT t.typname FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
		WHERE a.attrelid = to_regclass('corpora_directions') AND a.attname = 'direction' AND NOT a.attisdropped`).Scan(ctx, &kind)
	return kind, err
}

// directions makes the table that has vectors as pgvector compares them, and
// answers the type of these. Without its column it is what DROP EXTENSION has
// left, and of no use.
func (s *Store) directions(ctx context.Context, v pgvector) (kind string, err error) {
	if kind, err = s.column(ctx); !errors.Is(err, sql.ErrNoRows) {
		return kind, err
	}
	err = s.making(ctx, func(ctx context.Context, tx bun.IDB) error {
		if _, err := s.column(ctx); !errors.Is(err, sql.ErrNoRows) {
			return err // another process was faster
		}
		for _, statement := range []string{
			"DROP TABLE IF EXISTS corpora_directions",
			`CREATE TABLE corpora_directions (corpus_id BIGINT NOT NULL, model TEXT NOT NULL, passage_id BIGINT NOT NULL, dimensions INTEGER NOT NULL, direction ?0 NOT NULL,
				PRIMARY KEY (corpus_id, model, passage_id),
				FOREIGN KEY (corpus_id, model, passage_id) REFERENCES corpora_vectors (corpus_id, model, passage_id) ON DELETE CASCADE)`,
			"UPDATE corpora_vectors SET is_indexed = FALSE WHERE is_indexed",
			"CREATE INDEX IF NOT EXISTS corpora_vectors_bare ON corpora_vectors (corpus_id, model) WHERE NOT is_indexed",
		} {
			if _, err := tx.NewRaw(statement, v.typeOf(0)).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("making a table for pgvector: %w", err)
	}
	return s.column(ctx)
}

// making changes the schema in a transaction that others wait for, and that
// does not wait long for others.
func (s *Store) making(ctx context.Context, change func(ctx context.Context, tx bun.IDB) error) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		tx := s.db.On(ctx)
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?), set_config('lock_timeout', '5s', true)", indexLock).Exec(ctx); err != nil {
			return err
		}
		return change(ctx, tx)
	})
}

// indexOf names the index of a model's vectors of one length.
func indexOf(model string, dimensions int) string {
	sum := sha256.Sum256([]byte(model))
	return fmt.Sprintf("corpora_directions_%s_%d", hex.EncodeToString(sum[:6]), dimensions)
}

// indexed reports whether vectors of a model and a length have an index, and
// makes it if need be. It is made before anything is in it, so that no
// statement takes long.
func (s *Store) indexed(ctx context.Context, v *pgvector, model string, dimensions int) bool {
	if v == nil || dimensions == 0 || dimensions > v.most {
		return false
	}
	name := indexOf(model, dimensions)
	if _, known := s.vectors.made.Load(name); known {
		return true
	}
	err := s.making(ctx, func(ctx context.Context, tx bun.IDB) error {
		_, err := tx.NewRaw("CREATE INDEX IF NOT EXISTS ? ON corpora_directions USING hnsw ((direction::?) ?.?) WHERE model = ? AND dimensions = ?",
			bun.Ident(name), v.typeOf(dimensions), bun.Safe(quoted(v.schema)), bun.Ident(v.kind+"_cosine_ops"), model, dimensions).Exec(ctx)
		return err
	})
	if err != nil {
		if !s.lost(ctx, v, err) {
			s.vectors.log.WarnContext(ctx, "vectors are compared exactly, because their index can't be made", "model", model, "error", err)
		}
		return false
	}
	s.vectors.made.Store(name, true)
	return true
}

// lost reports whether an error is about the index and not about what was
// asked of it, and stops using v if it is gone: the extension or the table was
// dropped, or its library is not there any more.
func (s *Store) lost(ctx context.Context, v *pgvector, err error) bool {
	var pg pgdriver.Error
	if !errors.As(err, &pg) || ctx.Err() != nil {
		return false
	}
	switch code := pg.Field('C'); {
	case strings.HasPrefix(code, "58") || code == "0A000": // its library, or an access method of it
	case code == "42704" || code == "42883" || code == "42P01" || code == "42703": // no such type, function, table or column
	default:
		return false
	}
	if s.vectors.on.CompareAndSwap(v, nil) {
		now := s.vectors.clock.Now().UnixNano()
		s.vectors.asked.Store(now)
		s.vectors.kept.Store(now)
		s.vectors.log.WarnContext(ctx, "vectors are compared exactly until pgvector can be used again", "error", err)
	}
	return true
}
