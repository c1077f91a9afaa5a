package azure

import (
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/consumption/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/settings"
)

// lock keeps a resource from being deleted by anybody, in the portal too,
// until the lock itself is removed.
func lock(ctx *pulumi.Context, name string, scope pulumi.IDOutput, why string, opts ...pulumi.ResourceOption) error {
	_, err := authorization.NewManagementLockByScope(ctx, name, &authorization.ManagementLockByScopeArgs{
		LockName: pulumi.String(name),
		Scope:    scope,
		Level:    authorization.LockLevelCanNotDelete,
		Notes:    pulumi.String(why),
	}, opts...)
	if err != nil {
		return fmt.Errorf("declare lock %s: %w", name, err)
	}
	return nil
}

// newBudget sends mail when a month has cost four fifths, and all, of an
// amount. It does not stop anything.
func newBudget(ctx *pulumi.Context, name string, scope pulumi.IDOutput, guard settings.Guard, opts ...pulumi.ResourceOption) error {
	_, err := consumption.NewBudget(ctx, name, &consumption.BudgetArgs{
		BudgetName: pulumi.String(name),
		Scope:      scope,
		Amount:     pulumi.Float64(guard.Budget),
		Category:   consumption.CategoryTypeCost,
		TimeGrain:  consumption.TimeGrainTypeMonthly,
		TimePeriod: &consumption.BudgetTimePeriodArgs{StartDate: pulumi.String(guard.BudgetStart + "-01T00:00:00Z")},
		Notifications: consumption.NotificationMap{
			"four-fifths": notification(80, guard.BudgetEmails),
			"all":         notification(100, guard.BudgetEmails),
		},
	}, opts...)
	if err != nil {
		return fmt.Errorf("declare budget: %w", err)
	}
	return nil
}

func notification(percent float64, emails []string) *consumption.NotificationArgs {
	return &consumption.NotificationArgs{
		Enabled:       pulumi.Bool(true),
		Operator:      consumption.OperatorTypeGreaterThanOrEqualTo,
		Threshold:     pulumi.Float64(percent),
		ContactEmails: pulumi.ToStringArray(emails),
	}
}
