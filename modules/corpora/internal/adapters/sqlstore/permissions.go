package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

type permissionRow struct {
	bun.BaseModel  `bun:"table:corpora_permissions,alias:p"`
	ID             int64
	OrganizationID int64
	CorpusID       int64
	UserID         int64
	TeamID         int64
	Role           string
	audit.Audit
}

func rowOf(p core.Permission) permissionRow {
	return permissionRow{
		ID:             p.ID,
		OrganizationID: p.OrganizationID,
		CorpusID:       p.CorpusID,
		UserID:         p.UserID,
		TeamID:         p.TeamID,
		Role:           p.Role.String(),
		Audit:          p.Audit,
	}
}

func (r permissionRow) permission() core.Permission {
	return core.Permission{
		ID: r.ID, OrganizationID: r.OrganizationID, CorpusID: r.CorpusID, UserID: r.UserID, TeamID: r.TeamID, Role: access.CorpusRoleNamed(r.Role), Audit: r.Audit,
	}
}

// grantedRow is a corpus with one of the grants of the user who reads it.
type grantedRow struct {
	bun.BaseModel `bun:"table:corpora_corpora,alias:c"`
	core.Corpus
	GrantUser int64  `bun:"grant_user,scanonly"`
	GrantTeam int64  `bun:"grant_team,scanonly"`
	GrantRole string `bun:"grant_role,scanonly"`
}

// heldBy is the condition that a role in corpora_permissions AS p is of v's user
// or of one of the teams.
func heldBy(v access.VisibleCorpora) schema.QueryAppender {
	if len(v.Teams) == 0 {
		return bun.SafeQuery("p.user_id = ? AND p.user_id <> 0", v.UserID)
	}
	return bun.SafeQuery("(p.user_id = ? AND p.user_id <> 0 OR p.team_id IN (?))", v.UserID, bun.List(v.Teams))
}

// PermissionsPage implements core.Permissions.
func (s *Store) PermissionsPage(ctx context.Context, corpusID int64, p page.Request) (page.Of[core.Permission], error) {
	return s.permissions.Page(ctx, p, sqldb.Order[core.Permission]{Key: core.ByID[core.Permission]}, sqldb.Eq("corpus_id", corpusID))
}

// Grant implements core.Permissions.
func (s *Store) Grant(ctx context.Context, roles []core.Permission) ([]core.Permission, error) {
	if len(roles) == 0 {
		return []core.Permission{}, nil
	}
	rows := make([]permissionRow, len(roles))
	for i, r := range roles {
		rows[i] = rowOf(r)
	}
	const unlessSame = "?0 = CASE WHEN p.role IN (EXCLUDED.role, ?2) THEN p.?0 ELSE EXCLUDED.?1 END"
	q := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (corpus_id, user_id, team_id) DO UPDATE")
	for column, source := range map[string]string{"role": "role", "modified_by": "created_by", "modified_on": "created_on"} {
		q = q.Set(unlessSame, bun.Ident(column), bun.Ident(source), access.CorpusOwner.String())
	}
	stored := []permissionRow{}
	if err := q.Returning("*").Scan(ctx, &stored); err != nil {
		return nil, fmt.Errorf("granting roles: %w", err)
	}
	return byID(stored), nil
}

// Revoke implements core.Permissions.
func (s *Store) Revoke(ctx context.Context, corpusID int64, users, teams []int64) ([]core.Permission, error) {
	rows := []permissionRow{}
	_, err := s.db.On(ctx).NewDelete().Model(&rows).Where("corpus_id = ? AND role <> ?", corpusID, access.CorpusOwner.String()).
		Where("(user_id <> 0 AND user_id IN (?) OR team_id <> 0 AND team_id IN (?))", bun.List(users), bun.List(teams)).Returning("*").Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("revoking roles: %w", err)
	}
	return byID(rows), nil
}

func byID(rows []permissionRow) []core.Permission {
	out := make([]core.Permission, len(rows))
	for i, r := range rows {
		out[i] = r.permission()
	}
	slices.SortFunc(out, func(a, b core.Permission) int { return core.ByID(a).Compare(core.ByID(b)) })
	return out
}

// DropUser implements core.Permissions.
func (s *Store) DropUser(ctx context.Context, org, userID int64) error {
	return s.drop(ctx, "organization_id = ? AND user_id = ? AND user_id <> 0 AND role <> ?", org, userID, access.CorpusOwner.String())
}

// DropTeam implements core.Permissions.
func (s *Store) DropTeam(ctx context.Context, org, teamID int64) error {
	return s.drop(ctx, "organization_id = ? AND team_id = ? AND team_id <> 0", org, teamID)
}

func (s *Store) drop(ctx context.Context, where string, args ...any) error {
	if _, err := s.db.On(ctx).NewDelete().Model((*permissionRow)(nil)).Where(where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("dropping roles: %w", err)
	}
	return nil
}
