"""CRITICAL > HIGH > MEDIUM > LOW, and the one table that gives every message class its priority.

Events are facts in a journal, yet they are published too, so they have their place here. What is
signaled on the system lane (`Committed`, `Replayed`) stands in the table for completeness.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from messages import commands, events, journal, lifecycle, notices, reconciliation, reports, requests, telegram


class Priority(IntEnum):
    """Smaller is more urgent."""

    CRITICAL = 0
    HIGH = 1
    MEDIUM = 2
    LOW = 3


_BY_PRIORITY: Mapping[Priority, tuple[type, ...]] = {
    # What stops a loss: nothing waits in front of these.
    Priority.CRITICAL: (
        commands.CloseAll,
        commands.EmergencyClose,
        commands.PauseOpenings,
        requests.CancelOrder,
        requests.SubmitEmergency,
        requests.SubmitProtection,
        telegram.UrgentText,
        telegram.UrgentPress,
        journal.Committed,
        journal.CommitFailed,
        journal.Replayed,
        journal.StepsDurable,
        journal.StepsFailed,
        journal.ReplayRead,
    ),
    # What changes belief about money, and what reduces exposure. Everything a venue may say of one
    # order is in one class, so that its reports are never reordered on the way to their position.
    Priority.HIGH: (
        commands.ClosePosition,
        commands.CancelEntry,
        commands.CancelEntries,
        commands.PausePosition,
        reconciliation.HoldKey,
        reconciliation.PositionSilent,
        requests.SubmitReducing,
        reports.OrderAccepted,
        reports.OrderRejected,
        reports.OutcomeUnknown,
        reports.NotExecuted,
        reports.OrderReport,
        reports.OrderNotFound,
        reports.QueryFailed,
        reports.OrderAbsent,
        reports.CancelRejected,
        reports.FillReport,
        reports.FillsFetched,
        reports.SettingApplied,
        reports.SettingRefused,
        reports.MarginCall,
        reports.Recovered,
        reports.Woken,
        reports.VenueUp,
        reports.VenueDown,
        reports.StreamUp,
        reports.StreamDown,
        reports.StrayEvent,
        reports.LeverageChanged,
        telegram.IncomingText,
        telegram.IncomingPress,
        telegram.TextSent,
        telegram.SendFailed,
        telegram.UpdatesKept,
        telegram.ChatUp,
        telegram.ChatDown,
        notices.AcknowledgeNotice,
        notices.Posted,
        notices.PostFailed,
        notices.PostNotice,
        journal.AppendStep,
        journal.Replay,
        journal.Effect,
        lifecycle.ActorFailed,
        lifecycle.ActorRestarted,
        lifecycle.ActorQuarantined,
        lifecycle.ActorReleased,
        lifecycle.ActorStopped,
        lifecycle.MessageParked,
        lifecycle.SubscriberDropped,
    ),
    Priority.MEDIUM: (
        commands.OpenPosition,
        commands.ModifyPosition,
        commands.ResumePosition,
        commands.ResumeOpenings,
        commands.AdoptPosition,
        commands.AdjustPosition,
        commands.Reconcile,
        commands.ListPositions,
        commands.ReadHistory,
        commands.ReadStatus,
        requests.SubmitOpening,
        requests.ResolveOrder,
        requests.QueryOrder,
        requests.FetchFills,
        requests.SetLeverage,
        requests.Notify,
        requests.Wake,
        requests.Reply,
        reports.PositionsReport,
        reports.OpenOrdersReport,
        reports.FetchFailed,
        reports.BudgetUsed,
        reports.Sweep,
        reports.FundingReport,
        reports.FundingShare,
        reports.PositionView,
        reports.PositionsAnswer,
        reports.StatusAnswer,
        reports.HistoryAnswer,
        reconciliation.DiscrepancyDetected,
        reconciliation.RepairAttempted,
        reconciliation.DiscrepancyEscalated,
        reconciliation.DiscrepancyEnded,
        reconciliation.CheckRecorded,
        reconciliation.SettingSeen,
        reconciliation.LegShared,
        reconciliation.LegCleared,
        reconciliation.HistoryPruned,
        reconciliation.DiscrepancyGone,
        reconciliation.AttributionChosen,
        reconciliation.RepairRefused,
        reconciliation.DiscrepancyWatched,
        reconciliation.ListDiscrepancies,
        reconciliation.AcknowledgeDiscrepancy,
        reconciliation.ReleaseKey,
        reconciliation.TradesReport,
        reconciliation.ReconcileAnswer,
        reconciliation.DiscrepanciesAnswer,
        reconciliation.CheckDue,
        telegram.IncomingOther,
        telegram.SendText,
        telegram.EditText,
        telegram.AnswerPress,
        telegram.UpdateTaken,
        telegram.CommandAnswered,
        telegram.Tick,
        notices.NoticeQueued,
        notices.NoticeRepeated,
        notices.NoticesDelivered,
        notices.NoticesDropped,
        notices.NoticeAcknowledged,
        notices.NoticeReminded,
        notices.Look,
        *(value for value in vars(events).values() if isinstance(value, type) and value.__module__ == events.__name__),
    ),
    Priority.LOW: (
        requests.FetchPositions,
        requests.FetchOpenOrders,
        requests.FetchBalance,
        reconciliation.FetchTrades,
        reports.BalanceReport,
        reports.GatewayStatus,
        reports.MarkReport,
        telegram.PublishMenu,
        telegram.ReadLogs,
        telegram.LogsAnswer,
        notices.SendPing,
    ),
}

PRIORITY: Mapping[type, Priority] = MappingProxyType(
    {message: priority for priority, messages in _BY_PRIORITY.items() for message in messages}
)
