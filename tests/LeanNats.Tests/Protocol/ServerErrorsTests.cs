using LeanNats.Protocol;

namespace LeanNats.Tests.Protocol;

public sealed class ServerErrorsTests
{
    [Theory]
    [InlineData("Authorization Violation", true, false)]
    [InlineData("authorization violation", true, false)]
    [InlineData("User Authentication Expired", true, false)]
    [InlineData("Unknown Protocol Operation", false, false)]
    [InlineData("Stale Connection", false, false)]
    [InlineData("Maximum Payload Violation", false, false)]
    [InlineData("maximum connections exceeded", false, false)]
    [InlineData("Permissions Violation for Publish to \"s\"", false, true)]
    [InlineData("Invalid Subject", false, true)]
    [InlineData("maximum subscriptions exceeded", false, true)]
    public void An_error_is_about_credentials_or_keeps_the_connection(string error, bool isAuthentication, bool keeps) =>
        Assert.Equal((isAuthentication, keeps), (ServerErrors.IsAuthentication(error), ServerErrors.KeepsConnection(error)));

    [Theory]
    [InlineData("Permissions Violation for Subscription to \"a.>\"", "a.>", null)]
    [InlineData("Permissions Violation for Subscription to \"a\" using queue \"q\" (sid \"4\")", "a", null)]
    [InlineData("Permissions Violation for Publish to \"b\"", null, "b")]
    [InlineData("Permissions Violation for Publish to \"b", null, null)]
    [InlineData("Stale Connection", null, null)]
    public void A_refusal_names_its_subject(string error, string? subscription, string? publish) =>
        Assert.Equal((subscription, publish), (ServerErrors.RefusedSubscription(error), ServerErrors.RefusedPublish(error)));
}
