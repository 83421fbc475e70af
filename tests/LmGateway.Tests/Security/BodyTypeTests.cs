using LmGateway.Security;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class BodyTypeTests
{
    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("application/json;charset=UTF-8", true)]
    [InlineData("Application/JSON; Charset=\"utf-8\"", true)]
    [InlineData("application/json; charset=utf8", true)]
    [InlineData("application/vnd.fastapi+json", true)]
    [InlineData("multipart/form-data; boundary=abc", true)]
    [InlineData("Multipart/Form-Data; boundary=\"abc\"", true)]
    [InlineData("application/json; charset=iso-8859-1", false)]
    [InlineData("application/json; charset=utf-16", false)]
    [InlineData("text/json", false)]
    [InlineData("text/plain", false)]
    [InlineData("text/plain; application/json", false)]
    [InlineData("application/x-www-form-urlencoded", false)]
    [InlineData("application/octet-stream", false)]
    [InlineData("multipart/mixed; boundary=abc", false)]
    [InlineData("application/jsonp", false)]
    [InlineData("application/json,text/plain", false)]
    [InlineData("json", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Json_in_utf8_and_forms_are_taken(string? contentType, bool taken) => Assert.Equal(taken, BodyType.IsTaken(contentType));
}
