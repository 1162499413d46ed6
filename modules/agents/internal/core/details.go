package core

import (
	"context"

	"parley/modules/projects"
	"parley/platform/kernel/actor"
)

// maxInDetail is how many agents of one project its details list.
const maxInDetail = 100

// ProjectDetail is a project with its first members and agents.
type ProjectDetail struct {
	projects.Detail
	Agents []Agent // without their prompts
}

// Details answers those of the projects that the caller sees, in the order
// asked, and the ids of the others. Repeated ids collapse. It is a constant
// number of queries however many projects they are.
func (s *Service) Details(ctx context.Context, who actor.Actor, ids []int64) (found []ProjectDetail, missing []int64, err error) {
	there, err := s.Projects.Details(ctx, who, ids)
	if err != nil {
		return nil, nil, err
	}
	v, _, err := s.visible(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	shown := make([]int64, 0, len(there))
	for id := range there {
		shown = append(shown, id)
	}
	list, err := s.Store.FirstAgents(ctx, v, shown, maxInDetail)
	if err != nil {
		return nil, nil, err
	}
	in := map[int64][]Agent{}
	for _, a := range list {
		in[a.ProjectID] = append(in[a.ProjectID], a)
	}
	seen := map[int64]bool{}
	for _, id := range ids {
		d, ok := there[id]
		switch {
		case seen[id]:
		case ok:
			found = append(found, ProjectDetail{Detail: d, Agents: in[id]})
		default:
			missing = append(missing, id)
		}
		seen[id] = true
	}
	return found, missing, nil
}
