namespace LeanNats.Protocol;

/// <summary>
/// What the texts of <c>-ERR</c> mean. The protocol has no codes, so they are told apart by how they begin, without regard to case.
/// </summary>
internal static class ServerErrors
{
    private const string SubscriptionViolation = "Permissions Violation for Subscription to \"";
    private const string PublishViolation = "Permissions Violation for Publish to \"";

    private static readonly string[] Authentication =
    [
        "Authorization Violation", "User Authentication Expired", "User Authentication Revoked", "Account Authentication Expired",
        "Authentication Timeout",
    ];

    private static readonly string[] Kept =
    [
        "Permissions Violation", "Invalid Subject", "Invalid Publish Subject", "maximum subscriptions exceeded",
    ];

    /// <summary>The credentials were refused or have ended.</summary>
    public static bool IsAuthentication(string error) => BeginsWithAny(error, Authentication);

    /// <summary>The server keeps the connection after this error; after any other it closes.</summary>
    public static bool KeepsConnection(string error) => BeginsWithAny(error, Kept);

    /// <summary>The subject of a subscription that was refused; null for any other error.</summary>
    public static string? RefusedSubscription(string error) => QuotedAfter(error, SubscriptionViolation);

    /// <summary>The subject of a message that was refused; null for any other error.</summary>
    public static string? RefusedPublish(string error) => QuotedAfter(error, PublishViolation);

    private static string? QuotedAfter(string error, string beginning)
    {
        if (!error.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)) return null;
        var end = error.IndexOf('"', beginning.Length);
        return end < 0 ? null : error[beginning.Length..end];
    }

    private static bool BeginsWithAny(string error, string[] beginnings) =>
        beginnings.Any(text => error.StartsWith(text, StringComparison.OrdinalIgnoreCase));
}
