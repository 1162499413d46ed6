package core

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/address"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// Alias is the e-mail address of an agent.
type Alias struct {
	ID             int64
	OrganizationID int64
	AgentID        int64
	Alias          string
	audit.Audit
}

// CreateAlias gives an agent that the caller administers an address; "" means
// the one that is made of its name.
func (s *Service) CreateAlias(ctx context.Context, who actor.Actor, agentID int64, asked string) (Alias, error) {
	if _, _, ok := split(asked); !ok && asked != "" {
		return Alias{}, ErrAliasForm
	}
	d, err := s.authorize(ctx, who, agentID, access.Edit, ErrNotAdmin)
	if err != nil {
		return Alias{}, err
	}
	var a Alias
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		// Without the lock, an agent deleted at the same time would leave its address behind.
		agent, err := s.lock(ctx, who, d)
		if err != nil {
			return err
		}
		a, err = s.addAlias(ctx, who, agent, asked)
		return err
	})
	return a, err
}

func (s *Service) addAlias(ctx context.Context, who actor.Actor, agent Agent, asked string) (Alias, error) {
	alias, err := s.address(ctx, who, agent, asked)
	if err != nil {
		return Alias{}, err
	}
	if err := s.claim(ctx, agent.ID, alias); err != nil {
		return Alias{}, err
	}
	return s.Store.AddAlias(ctx, Alias{OrganizationID: who.OrganizationID, AgentID: agent.ID, Alias: alias, Audit: audit.New(who.Name(), s.Clock.Now())})
}

// UpdateAlias changes the address of an agent that the caller administers.
func (s *Service) UpdateAlias(ctx context.Context, who actor.Actor, agentID int64, asked string) (Alias, error) {
	if _, _, ok := split(asked); !ok {
		return Alias{}, ErrAliasForm
	}
	d, err := s.authorize(ctx, who, agentID, access.Edit, ErrNotAdmin)
	if err != nil {
		return Alias{}, err
	}
	var a Alias
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		agent, err := s.lock(ctx, who, d)
		if err != nil {
			return err
		}
		if asked, err = s.address(ctx, who, agent, asked); err != nil {
			return err
		}
		a, err = s.Store.UpdateAlias(ctx, agentID, func(a *Alias) error {
			// While nobody else changes the alias, or this one would not find
			// the address that another has just claimed for the agent.
			if err := s.claim(ctx, agentID, asked); err != nil {
				return err
			}
			touch := audit.Watch(a)
			a.Alias = asked
			touch(who.Name(), s.Clock.Now())
			return nil
		})
		return err
	})
	return a, err
}

// claim makes an address the agent's own, in place of the one it had, unless
// it is a user's or another agent's. It runs in the unit of ctx.
func (s *Service) claim(ctx context.Context, agentID int64, alias string) error {
	err := s.Addresses.Claim(ctx, alias, agents.Key(agentID))
	if apperr.KindOf(err) == apperr.Conflict {
		return ErrAliasTaken
	}
	return err
}

// Aliases answers the addresses of the agents that the caller sees.
func (s *Service) Aliases(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Alias], error) {
	v, _, err := s.visible(ctx, who)
	if err != nil {
		return page.Of[Alias]{}, err
	}
	return s.Store.AliasesPage(ctx, v, p)
}

// maxLocal is how long the part of an address in front of the @ may be, after
// RFC 5321.
const maxLocal = 64

var (
	localPart = regexp.MustCompile(`^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*$`)
	unfit     = regexp.MustCompile(`[^A-Za-z0-9_+-]+`)
)

// split takes an address apart; false when it has not the form of an alias.
func split(alias string) (local, domain string, ok bool) {
	alias, ok = address.Spell(alias)
	if !ok {
		return "", "", false
	}
	local, domain, ok = strings.Cut(alias, "@")
	return local, domain, ok && len(local) <= maxLocal && localPart.MatchString(local)
}

// address is the alias that was asked for, or the default, when it is in the
// organization's domain.
func (s *Service) address(ctx context.Context, who actor.Actor, agent Agent, asked string) (string, error) {
	org, err := s.Directory.Organization(ctx, who.OrganizationID)
	if err != nil {
		return "", err
	}
	if asked == "" {
		if org.Domain == "" {
			return "", ErrAliasDomain.WithMessage("Your organization has no domain for aliases; ask a global admin to set one.")
		}
		asked = defaultLocal(agent) + "@" + org.Domain
	}
	local, domain, _ := split(asked)
	if own, ok := address.Domain(org.Domain); !ok || org.Domain == "" || domain != own {
		return "", ErrAliasDomain.WithField("alias", "is in another domain")
	}
	return local + "@" + org.Domain, nil
}

// defaultLocal is the agent's name without what an address can't hold, and
// its id, which keeps equal names apart. Letters lose their accents.
func defaultLocal(a Agent) string {
	suffix := fmt.Sprintf("_%d", a.ID)
	name := unfit.ReplaceAllString(unaccented(a.AgentName), "")
	if name == "" {
		name = "Agent"
	}
	return name[:min(len(name), maxLocal-len(suffix))] + suffix
}

// unaccented writes letters without what Latin ones carry: Ü as U, ß as ss.
func unaccented(name string) string {
	var b strings.Builder
	for _, r := range text.NFC(name) {
		plain := string(r)
		if r > unicode.MaxASCII {
			plain = text.Fold(plain)
		}
		if unicode.IsUpper(r) {
			plain = strings.ToUpper(plain)
		}
		b.WriteString(plain)
	}
	return b.String()
}
