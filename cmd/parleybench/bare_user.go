package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// bareUserCmd serves users from PostgreSQL over net/http: one prepared
// statement, the same JSON as the server's, and nobody is asked for
// credentials.
type bareUserCmd struct {
	URL         string `required:"" help:"Database of PostgreSQL."`
	Users       int    `required:"" help:"How many users there are, by ids from 1 on."`
	Connections int    `default:"16" help:"Connections to PostgreSQL."`
}

const bareUserSchema = `
CREATE TABLE bare_organizations (id BIGINT PRIMARY KEY, org_name TEXT NOT NULL, domain TEXT NOT NULL, created_on TIMESTAMPTZ NOT NULL);
INSERT INTO bare_organizations VALUES (1, 'My Organization', 'example.org', now());
CREATE TABLE bare_users (id BIGINT PRIMARY KEY, organization_id BIGINT NOT NULL, email TEXT NOT NULL, first_name TEXT, last_name TEXT,
  is_staff BOOLEAN NOT NULL, is_superuser BOOLEAN NOT NULL, is_active BOOLEAN NOT NULL, date_joined TIMESTAMPTZ NOT NULL);`

const bareUsers = `INSERT INTO bare_users SELECT n, 1, 'user' || n || '@example.org', 'First', 'Last', false, false, true, now() FROM generate_series(1, $1) n`

type bareOrganization struct {
	ID         int64     `json:"id"`
	OrgName    string    `json:"org_name"`
	Domain     string    `json:"domain"`
	IsDeleted  bool      `json:"is_deleted"`
	CreatedBy  string    `json:"created_by"`
	CreatedOn  time.Time `json:"created_on"`
	ModifiedBy string    `json:"modified_by"`
	ModifiedOn time.Time `json:"modified_on"`
}

type bareUserView struct {
	ID           int64             `json:"id"`
	Email        string            `json:"email"`
	IsStaff      bool              `json:"is_staff"`
	IsSuperuser  bool              `json:"is_superuser"`
	IsActive     bool              `json:"is_active"`
	DateJoined   time.Time         `json:"date_joined"`
	FirstName    *string           `json:"first_name"`
	LastName     *string           `json:"last_name"`
	Organization *bareOrganization `json:"organization"`
}

type bareEnvelope struct {
	Success bool           `json:"success"`
	Message string         `json:"message"`
	Data    any            `json:"data"`
	Meta    map[string]int `json:"meta,omitempty"`
}

// Run makes the users, says at which address it serves, and serves until its
// input ends.
func (c bareUserCmd) Run(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return fmt.Errorf("reading the database URL: %w", err)
	}
	config.MaxConns = int32(c.Connections)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, bareUserSchema); err != nil {
		return fmt.Errorf("making the tables: %w", err)
	}
	if _, err := pool.Exec(ctx, bareUsers, c.Users); err != nil {
		return fmt.Errorf("making the users: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	h := bareHandler{pool}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/user/{id}", h.one)
	mux.HandleFunc("GET /api/user", h.list)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	if err := json.NewEncoder(os.Stdout).Encode(l.Addr().String()); err != nil {
		return fmt.Errorf("saying the address: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is what counts
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type bareHandler struct{ pool *pgxpool.Pool }

const selectBareUser = `SELECT u.id, u.email, u.first_name, u.last_name, u.is_staff, u.is_superuser, u.is_active, u.date_joined,
	o.id, o.org_name, o.domain, o.created_on
FROM bare_users u JOIN bare_organizations o ON o.id = u.organization_id `

func scanBareUser(row pgx.Row) (bareUserView, error) {
	u := bareUserView{Organization: &bareOrganization{CreatedBy: "system", ModifiedBy: "system"}}
	o := u.Organization
	err := row.Scan(&u.ID, &u.Email, &u.FirstName, &u.LastName, &u.IsStaff, &u.IsSuperuser, &u.IsActive, &u.DateJoined, &o.ID, &o.OrgName, &o.Domain, &o.CreatedOn)
	o.ModifiedOn = o.CreatedOn
	return u, err
}

func (h bareHandler) one(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	u, err := scanBareUser(h.pool.QueryRow(r.Context(), selectBareUser+"WHERE u.id = $1", id))
	reply(w, bareEnvelope{Success: true, Message: "User retrieved successfully.", Data: u}, err)
}

// list reads a page and the count of all in one round trip.
func (h bareHandler) list(w http.ResponseWriter, r *http.Request) {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 {
		http.Error(w, "no page", http.StatusBadRequest)
		return
	}
	var users []bareUserView
	count := 0
	var b pgx.Batch
	b.Queue(selectBareUser+"ORDER BY u.id LIMIT $1 OFFSET $2", pageSize, (page-1)*pageSize).Query(func(rows pgx.Rows) error {
		users, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (bareUserView, error) { return scanBareUser(row) })
		return err
	})
	b.Queue("SELECT count(*) FROM bare_users").QueryRow(func(row pgx.Row) error { return row.Scan(&count) })
	err = h.pool.SendBatch(r.Context(), &b).Close()
	meta := map[string]int{"count": count, "num_pages": (count + pageSize - 1) / pageSize, "current_page": page, "items_per_page": pageSize}
	reply(w, bareEnvelope{Success: true, Message: "Users retrieved successfully.", Data: users, Meta: meta}, err)
}

func reply(w http.ResponseWriter, e bareEnvelope, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	raw, err := json.Marshal(e)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	_, _ = w.Write(raw) // a client that has gone needs none
}
